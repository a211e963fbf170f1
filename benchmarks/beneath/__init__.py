"""Applications that do next to nothing, behind the same server and under the same load: what is left of a
request when the service is taken away."""
