"""The person's door: settings, the writer's wire, the processes of a node."""
