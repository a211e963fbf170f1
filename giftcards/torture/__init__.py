"""Attacks a deployment in test mode over HTTP, and compares what it answered with what it holds afterwards.

    records   what is asked for, and what came of it: plain data
    log       the client's own evidence, in a file
    wire      HTTP: one connection, and how to hang up on it
    requests  from a change to the request that asks for it
    attack    many connections at once, repeating with the same key until there is an answer
    scenarios what is tried
    reading   what the deployment holds afterwards
    verdict   whether the two agree
    run       all of it, one scenario after the other

It stands alone: nothing here imports Django or the service that it attacks, so that it judges by the wire
only, from any machine.
"""
