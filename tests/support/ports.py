"""Free ports on loopback."""

from appliance.sim.loopback import LOOPBACK, free_port, free_ports

__all__ = ["LOOPBACK", "free_port", "free_ports"]
