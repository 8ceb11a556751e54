"""`rencheng tls`: a certificate authority of the platform's own."""
