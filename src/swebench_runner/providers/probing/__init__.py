"""What is this server? Asked once, written down, and obeyed by the compatible provider afterwards."""

from swebench_runner.providers.probing.identify import identify, identify_sync
from swebench_runner.providers.probing.local import USUAL_PORTS, find_local_servers
from swebench_runner.providers.probing.profile import CapabilityProfile, ServerKind
from swebench_runner.providers.probing.store import find_profile, save_profile

__all__ = [
    "USUAL_PORTS",
    "CapabilityProfile",
    "ServerKind",
    "find_local_servers",
    "find_profile",
    "identify",
    "identify_sync",
    "save_profile",
]
