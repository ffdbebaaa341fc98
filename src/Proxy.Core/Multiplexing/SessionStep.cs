namespace Proxy.Multiplexing;

/// <summary>A step that a session has to carry out outside its lock.</summary>
internal readonly record struct SessionStep(
    SessionStepKind Kind,
    UpstreamConnection? Connection,
    MultiplexRequest? Request,
    SessionNotice? Notice = null
);

/// <summary>The kind of a <see cref="SessionStep"/>.</summary>
internal enum SessionStepKind
{
    /// <summary>Nothing to do.</summary>
    None,

    /// <summary>Tell operators what has begun or ended.</summary>
    Tell,

    /// <summary>Send a request.</summary>
    Send,

    /// <summary>Dial.</summary>
    Dial,

    /// <summary>Cancel a dial.</summary>
    CancelDial,

    /// <summary>Send FIN.</summary>
    EndSending,

    /// <summary>Fail a request whose unit does not answer.</summary>
    RejectSuspended,

    /// <summary>Close a client that uses the protocol which the destination had before an edit.</summary>
    RejectStale,
}
