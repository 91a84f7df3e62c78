"""What foreign clients speak: git over HTTP as plain ASGI."""
