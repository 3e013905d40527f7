"""C: cloud-native. Images, Kubernetes, process and supply chain."""
