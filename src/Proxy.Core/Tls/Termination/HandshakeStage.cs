namespace Proxy.Tls.Termination;

/// <summary>How far a handshake with a client has come.</summary>
internal enum HandshakeStage
{
    /// <summary>The client has sent nothing.</summary>
    Silent,

    /// <summary>It waits for a place.</summary>
    Waiting,

    /// <summary>Its ClientHello is awaited.</summary>
    Hello,

    /// <summary>The proxy has sent its part or is about to, and the client's answer is awaited.</summary>
    Answer,
}
