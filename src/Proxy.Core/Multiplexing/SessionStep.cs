namespace Proxy.Multiplexing;

/// <summary>Something a session has to do, outside its lock.</summary>
internal readonly record struct SessionStep(SessionStepKind Kind, UpstreamConnection? Connection, MultiplexRequest? Request);

/// <summary>What it is.</summary>
internal enum SessionStepKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>To send a request.</summary>
    Send,

    /// <summary>To dial.</summary>
    Dial,

    /// <summary>To give a dial up.</summary>
    CancelDial,

    /// <summary>To send FIN.</summary>
    EndSending,

    /// <summary>To fail a request whose unit does not answer.</summary>
    RejectSuspended,

    /// <summary>To end a client that speaks what the destination spoke before an edit.</summary>
    RejectStale,
}
