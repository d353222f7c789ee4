"""What engines did, kept: nobody runs again what cannot come out otherwise."""
