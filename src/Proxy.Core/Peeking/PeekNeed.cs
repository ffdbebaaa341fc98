namespace Proxy.Peeking;

/// <summary>What has to happen before a route can be chosen for a client.</summary>
internal enum PeekNeed
{
    /// <summary>Nothing: a route, or that there is none, is known.</summary>
    Nothing,

    /// <summary>More of its bytes have to be examined.</summary>
    MoreBytes,

    /// <summary>It is a client of PostgreSQL which asks for encryption, and says nothing more before it is answered.</summary>
    Answer,
}
