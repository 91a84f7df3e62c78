"""A node among its peers: the replication core on real wires, over the log and the views of this node."""
