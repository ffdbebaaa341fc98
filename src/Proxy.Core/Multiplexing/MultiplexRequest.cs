using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// One request from its arrival until its reply is on its way to the client. It belongs to its client's order of replies all the time, and between
/// Submit and the one Deliver, Complete or Fail to the session as well. One that failed is not used again, since its bytes may still be read.
/// </summary>
internal sealed class MultiplexRequest(MultiplexClient client)
{
    private volatile bool _isBeingSent;
    private MultiplexRequest? _lastFollower;

    public MultiplexClient Client => client;

    /// <summary>What the client sent. If nothing is translated, this is what is sent on, with another id while it is under way.</summary>
    public ByteBuffer Original { get; } = new();

    /// <summary>What is sent on, if a unit or the framing is another than the client's.</summary>
    public ByteBuffer? Translated { get; set; }

    public bool IsTranslated { get; set; }

    public Memory<byte> Sent => IsTranslated ? Translated!.Memory : Original.Memory;

    /// <summary>Of what is sent on.</summary>
    public MessageTraits Traits { get; set; }

    public bool IsSafe => (Traits & MessageTraits.Safe) != 0;

    public bool ExpectsReply => (Traits & MessageTraits.NoReply) == 0;

    /// <summary>Whether the client waits for a reply.</summary>
    public bool DeliversReply { get; set; }

    /// <summary>Whether the client's connection ends after the reply.</summary>
    public bool EndsConnection { get; set; }

    public bool HasId { get; set; }

    /// <summary>The id the client gave.</summary>
    public ulong ClientId { get; set; }

    /// <summary>The id it has upstream.</summary>
    public ulong UpstreamId { get; set; }

    /// <summary>What the protocol says of what the client sent, and after translation of what is sent on.</summary>
    public RequestFacts Facts { get; set; }

    /// <summary>The unit the client asked for; of a translated request.</summary>
    public ushort ClientUnit { get; set; }

    public bool IsWrite => !IsSafe;

    /// <summary>What is the same of all requests that may have the same reply; 0 if it is not shared.</summary>
    public UInt128 ShareKey => IsSafe && ExpectsReply ? Facts.ShareKey : 0;

    /// <summary>How often the unit was written to when this was sent.</summary>
    public long Generation { get; set; }

    /// <summary>Whether this is the one request that may ask a suspended unit.</summary>
    public bool IsProbe { get; set; }

    /// <summary>The first of those that wait for the same reply, in their order.</summary>
    public MultiplexRequest? Followers { get; set; }

    /// <summary>The next in the lane, or among followers.</summary>
    public MultiplexRequest? Next { get; set; }

    public RequestLane? Lane { get; set; }

    /// <summary>When it was asked for, as a timestamp.</summary>
    public long Submitted { get; set; }

    /// <summary>When it was sent, as a timestamp; 0 before.</summary>
    public long Started { get; set; }

    /// <summary>Milliseconds of the clock at which waiting ends, first for its turn and then for the reply.</summary>
    public long Deadline { get; set; }

    /// <summary>Its number among those sent on its connection.</summary>
    public long SentAs { get; set; }

    public int Attempts { get; set; }

    /// <summary>The reply, while earlier ones of the same client are missing.</summary>
    public ByteBuffer? Reply { get; set; }

    public bool IsComplete { get; set; }

    /// <summary>Why the client's connection is to be reset in place of a reply.</summary>
    public Diagnostics.ConnectionOutcome? Cut { get; set; }

    public bool HasFailed { get; set; }

    /// <summary>Whether a send still reads <see cref="Sent"/>: the destination may answer before it ends.</summary>
    public bool IsBeingSent
    {
        get => _isBeingSent;
        set => _isBeingSent = value;
    }

    public bool IsReusable => !HasFailed && !IsBeingSent;

    /// <summary>Whether the kernel took nothing of it, so that it cannot have been executed.</summary>
    public bool IsUnsent { get; set; }

    /// <summary>What can be seen of it while it is in flight.</summary>
    public MultiplexExchangeStatus Status(TimeProvider time)
    {
        var sharing = 0;
        for (var follower = Followers; follower is not null; follower = follower.Next)
        {
            sharing++;
        }

        return new(client.Id, time.GetElapsedTime(Started), Facts.Unit, sharing);
    }

    /// <summary>Lets another wait for the same reply.</summary>
    public void Follow(MultiplexRequest follower)
    {
        follower.Next = null;
        follower.Lane!.Join();
        _ = Followers is null ? Followers = follower : _lastFollower!.Next = follower;
        _lastFollower = follower;
    }

    /// <summary>Takes the place of the one that this follows, as the first of its followers.</summary>
    public void Lead(MultiplexRequest former)
    {
        Followers = Next;
        _lastFollower = former._lastFollower;
        Next = null;
        Lane!.Unjoin();
    }

    /// <summary>Takes out the followers that have waited too long.</summary>
    public void TakeExpiredFollowers(long now, List<MultiplexRequest> taken)
    {
        MultiplexRequest? before = null;
        for (var follower = Followers; follower is not null; )
        {
            var next = follower.Next;
            if (now < follower.Deadline)
            {
                before = follower;
            }
            else
            {
                _ = before is null ? Followers = next : before.Next = next;
                follower.Next = null;
                follower.Lane!.Unjoin();
                taken.Add(follower);
            }

            follower = next;
        }

        _lastFollower = before;
    }

    /// <summary>Makes it new.</summary>
    public void Reset(ReadOnlySpan<byte> message)
    {
        Original.Clear();
        Original.Append(message);
        Translated?.Clear();
        Reply?.Clear();
        IsTranslated = IsComplete = HasFailed = IsUnsent = HasId = EndsConnection = IsProbe = false;
        DeliversReply = true;
        Traits = MessageTraits.None;
        Facts = default;
        Started = 0;
        Attempts = 0;
        Followers = Next = null;
        Lane = null;
        Cut = null;
    }
}
