"""Five nodes in network namespaces: loss, rate, delay, a partition, kill -9, a full disk, an old backup."""
