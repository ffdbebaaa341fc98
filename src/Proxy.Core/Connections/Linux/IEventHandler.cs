namespace Proxy.Connections.Linux;

/// <summary>The owner of a descriptor that a loop watches.</summary>
internal interface IEventHandler
{
    /// <summary>Set by the loop at registration. An event with another value is stale.</summary>
    ulong Registration { get; set; }

    /// <summary>Called on the loop's thread; must not block.</summary>
    /// <param name="loop">The loop that received the events.</param>
    /// <param name="events">EPOLLIN and others, edge-triggered: each change is reported once.</param>
    void OnEvents(EventLoop loop, uint events);
}
