namespace Proxy.Connections.Linux;

/// <summary>What owns a descriptor that a loop watches.</summary>
internal interface IEventHandler
{
    /// <summary>Given by the loop at registration; an event that carries another one is stale.</summary>
    ulong Registration { get; set; }

    /// <summary>Called on the loop's thread; must not block.</summary>
    /// <param name="loop">The loop that saw it.</param>
    /// <param name="events">EPOLLIN and so on, edges: each state is told once.</param>
    void OnEvents(EventLoop loop, uint events);
}
