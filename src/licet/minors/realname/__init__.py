"""The national real-name service against addiction of minors: its protocol, a driver, a simulator.

It refuses to know who is a minor and for how long they may use a service: the service says who a
person is, limits are ours to keep.
"""
