"""A ConnectWise look-alike and a callback receiver: for the demo, the tests, and whoever has no ConnectWise at hand.

Nothing here knows anything of the program. Importing this package imports nothing; take what you need from its modules:

    from cwconsole.simulator.simulator import Simulator

    simulator = Simulator(records=1000, rate=5.0)
    async with simulator.serve() as running:
        running.base_url                                    # http://127.0.0.1:PORT/v4_6_release/apis/3.0
        simulator.world().create("/company/contacts", {"firstName": "Ada"})
        simulator.faults.add(Fault(kind=FaultKind.TIMEOUT, times=3))        # from cwconsole.simulator.faults

    from cwconsole.simulator.receiver import Receiver

    receiver = Receiver(key="secret")
    async with receiver.serve() as listening:
        listening.url                                       # http://127.0.0.1:PORT
        receiver.seen, receiver.objects                     # what came in
        receiver.faults.add(Fault(kind=FaultKind.STATUS, status=503, times=2))

A client signs in as company `demo` with the keys `public` and `private` (all can be set) and any clientId. Both servers
can also be steered over HTTP while they run: `control` and `receiver` say how.
"""
