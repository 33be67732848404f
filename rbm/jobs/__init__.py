"""What runs in the background: the cluster, a run on a worker and as the screen holds it, and other long work."""
