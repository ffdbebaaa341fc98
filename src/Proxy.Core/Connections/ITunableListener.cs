namespace Proxy.Connections;

/// <summary>A listener whose socket can be changed while it accepts; implemented by the proxy's own transports.</summary>
internal interface ITunableListener
{
    /// <summary>Changes the backlog.</summary>
    /// <param name="backlog">The number of connections that the kernel queues.</param>
    void SetBacklog(int backlog);

    /// <summary>
    /// Allows or forbids binding an overlapping address beside this one (SO_REUSEPORT). Linux only; elsewhere nothing happens.
    /// </summary>
    /// <param name="shared">Whether the port may be shared.</param>
    void SharePort(bool shared);

    /// <summary>
    /// Declares that the handlers do not block, so that they may run on the thread that accepts. Called before the first accept.
    /// </summary>
    /// <returns>How many accepts may wait at the same time, each on a thread of its own; 0 if handlers must not run there.</returns>
    int AcceptInline();

    /// <summary>Accepts connections one after the other on one thread, so that they are handled in order; or ends that.</summary>
    /// <param name="inOrder">Whether connections are handled in order.</param>
    void SetInOrder(bool inOrder);

    /// <summary>
    /// Leaves new clients to another listener of the same port, before this one is unbound. Closing a socket resets the connections that
    /// arrive at that moment. Linux only; elsewhere nothing happens.
    /// </summary>
    void HandOver();
}
