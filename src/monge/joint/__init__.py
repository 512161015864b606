"""Plan and classifier learned together."""

from monge.joint.jdot import JointTransport

__all__ = ["JointTransport"]
