namespace Proxy.Connections;

/// <summary>What can be changed on a listen socket while it accepts. Implemented by the listeners of our transports.</summary>
internal interface ITunableListener
{
    /// <summary>Changes the backlog.</summary>
    /// <param name="backlog">Connections the kernel may hold.</param>
    void SetBacklog(int backlog);

    /// <summary>Lets an overlapping address be bound beside this one, or ends that. Linux only; elsewhere nothing happens.</summary>
    /// <param name="shared">Whether the port may be shared.</param>
    void SharePort(bool shared);

    /// <summary>
    /// Says that the caller's handlers do not block, so that they may run where connections are accepted. Called before the
    /// first accept.
    /// </summary>
    /// <returns>How many accepts may wait at the same time, each for a thread of its own; 0 when handlers must not run there.</returns>
    int AcceptInline();

    /// <summary>Lets connections be accepted one after the other on one thread, so that they are handled in order, or ends that.</summary>
    /// <param name="inOrder">Whether the order counts.</param>
    void SetInOrder(bool inOrder);

    /// <summary>
    /// Leaves new clients to another listener of the same port, before this one is unbound: closing a socket resets what arrives
    /// in that moment. Linux only; elsewhere nothing happens.
    /// </summary>
    void HandOver();
}
