"""What others build on Aeron, over our driver: Java clients, Archive, Cluster, from Maven."""
