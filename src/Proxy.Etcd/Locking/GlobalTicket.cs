using System.Diagnostics.CodeAnalysis;
using Proxy.Diagnostics;
using Proxy.Etcd.Client;
using Proxy.Locking;

namespace Proxy.Etcd.Locking;

/// <summary>A client of this host that waits for a permit of a global lock, or holds one. Mutable members are guarded by the lock of its owner.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer owns nothing, and others may still hold its token.")]
internal sealed class GlobalTicket(GlobalPermits owner, ConnectionRecord client) : PermitTicket
{
    private CancellationTokenSource? _lost;

    public ConnectionRecord Client => client;

    /// <summary>Its place among the waiting clients of this host; null once it waits no longer.</summary>
    public LinkedListNode<GlobalTicket>? Waiting { get; set; }

    /// <summary>Whether this host admits it, or has admitted it, by itself.</summary>
    public bool IsLocal { get; set; }

    /// <summary>Its key, from the moment at which it is given to the engine; null before.</summary>
    public string? Key { get; set; }

    /// <summary>The revision of the answer which says that the key was written; 0 before.</summary>
    public long Written { get; set; }

    /// <summary>The term whose lease the key is under.</summary>
    public LeaseTerm? Term { get; set; }

    /// <summary>Its key as it was seen in the engine; null until then, and once it is gone.</summary>
    public KeyPlace? Place { get; set; }

    /// <summary>The token that it was given with its permit.</summary>
    public long Token { get; set; }

    /// <summary>Whether its permit was lost.</summary>
    public bool IsLost { get; set; }

    /// <inheritdoc />
    public override long FencingToken => Token;

    /// <inheritdoc />
    public override CancellationToken Lost => _lost?.Token ?? CancellationToken.None;

    /// <inheritdoc />
    public override int? Rank => owner.RankOf(this);

    /// <summary>Prepares for a loss, with the permit.</summary>
    public void Hold() => _lost = new CancellationTokenSource();

    /// <summary>Tells the client that its permit is lost; not within the lock of its owner.</summary>
    public void Lose() => _lost?.Cancel();
}
