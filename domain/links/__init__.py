"""What words name: people, issues and commits, as written (`names`) and as bound to ids (`bound`)."""
