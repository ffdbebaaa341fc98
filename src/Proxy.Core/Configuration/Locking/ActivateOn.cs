namespace Proxy.Configuration.Locking;

/// <summary>When a client takes its place in the queue of a lock.</summary>
public enum ActivateOn
{
    /// <summary>When it is accepted.</summary>
    Connect,

    /// <summary>
    /// When its first byte has arrived. Until then it waits outside the queue, and costs no permit and no activation: probes of load balancers, and
    /// pools that connect ahead. For protocols in which the client sends first.
    /// </summary>
    FirstByte,
}
