"""The probe, its protocol, and the bundles that cases become."""
