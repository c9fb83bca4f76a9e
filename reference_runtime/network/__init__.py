"""linux.netDevices: network devices move into the container. Source: config-linux.md#network-devices."""
