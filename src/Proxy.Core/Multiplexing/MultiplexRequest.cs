using Proxy.Connections;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>
/// One request, from its arrival until its reply is on the way to the client. It belongs to its client's reply order all the time, and also
/// to the session between Submit and the one call of Deliver, Complete or Fail. A request that has failed is not reused, since its bytes
/// may still be read.
/// </summary>
internal sealed class MultiplexRequest(MultiplexClient client)
{
    private volatile bool _isBeingSent;
    private MultiplexRequest? _lastFollower;
    private ReadinessGate? _taken;
    private ClientLag? _sendingLag;
    private ClientLag? _takingLag;

    public MultiplexClient Client => client;

    /// <summary>
    /// The client's bytes. Unless they are converted, they are sent as they are, with another id while they are under way.
    /// </summary>
    public ByteBuffer Original { get; } = new(client.Requests);

    /// <summary>The bytes to send, if unit or framing differ from the client's.</summary>
    public ByteBuffer? Translated { get; set; }

    public bool IsTranslated { get; set; }

    public Memory<byte> Sent => IsTranslated ? Translated!.Memory : Original.Memory;

    /// <summary>The rest of the request, if it is sent in parts: then <see cref="Original"/> is the first part. Otherwise null.</summary>
    public RequestStream? Stream { get; set; }

    /// <summary>Whether a part of the reply was passed on, so that no other reply can be given.</summary>
    public bool HasReplyBegun { get; set; }

    /// <summary>Signalled when the client has taken a part of the reply, or it is this request's turn to be answered.</summary>
    public ReadinessGate Taken => LazyInitializer.EnsureInitialized(ref _taken, static () => new(inline: true));

    /// <summary>
    /// How far the client is behind with sending the parts of the request, for which the upstream connection waits. Guarded by the session's
    /// lock.
    /// </summary>
    public ClientLag SendingLag => _sendingLag ??= new();

    /// <summary>The same for the client's taking the parts of the reply.</summary>
    public ClientLag TakingLag => _takingLag ??= new();

    /// <summary>The traits of the message that is sent.</summary>
    public MessageTraits Traits { get; set; }

    public bool IsSafe => (Traits & MessageTraits.Safe) != 0;

    public bool ExpectsReply => (Traits & MessageTraits.NoReply) == 0;

    /// <summary>Whether the client expects a reply.</summary>
    public bool DeliversReply { get; set; }

    /// <summary>Whether the client's connection ends after the reply.</summary>
    public bool EndsConnection { get; set; }

    public bool HasId { get; set; }

    /// <summary>The id in the client's message.</summary>
    public ulong ClientId { get; set; }

    /// <summary>The id in the message that is sent.</summary>
    public ulong UpstreamId { get; set; }

    /// <summary>The facts of the client's message; after a conversion, those of the message that is sent.</summary>
    public RequestFacts Facts { get; set; }

    /// <summary>The unit in the client's message, if it was converted.</summary>
    public ushort ClientUnit { get; set; }

    public bool IsWrite => !IsSafe;

    /// <summary>The key that is equal for all requests with the same reply; 0 if the reply is not shared.</summary>
    public UInt128 ShareKey => IsSafe && ExpectsReply ? Facts.ShareKey : 0;

    /// <summary>The number of writes to the unit when this was sent.</summary>
    public long Generation { get; set; }

    /// <summary>The first of the requests that wait for the same reply, in order.</summary>
    public MultiplexRequest? Followers { get; set; }

    /// <summary>The next request in the lane, or among the followers.</summary>
    public MultiplexRequest? Next { get; set; }

    public RequestLane? Lane { get; set; }

    /// <summary>The timestamp at which it was submitted.</summary>
    public long Submitted { get; set; }

    /// <summary>The timestamp at which it was sent; 0 before.</summary>
    public long Started { get; set; }

    /// <summary>The clock's milliseconds at which waiting ends, first for its turn and then for the reply.</summary>
    public long Deadline { get; set; }

    /// <summary>Its sequence number on its connection.</summary>
    public long SentAs { get; set; }

    public int Attempts { get; set; }

    /// <summary>The reply, while earlier ones of the same client are missing.</summary>
    public ByteBuffer? Reply { get; set; }

    public bool IsComplete { get; set; }

    /// <summary>The outcome with which the client's connection is to be reset instead of a reply.</summary>
    public Diagnostics.ConnectionOutcome? Cut { get; set; }

    public bool HasFailed { get; set; }

    /// <summary>Whether a send still reads <see cref="Sent"/>, since the destination may answer before the send has returned.</summary>
    public bool IsBeingSent
    {
        get => _isBeingSent;
        set => _isBeingSent = value;
    }

    public bool IsReusable => !HasFailed && !IsBeingSent && Stream is null && _taken is null;

    /// <summary>Whether its client might exceed the memory budget for it: then it may not any more once this is answered.</summary>
    public bool HasTurn { get; set; }

    /// <summary>Whether the kernel took no byte of it, so that the destination cannot have executed it.</summary>
    public bool IsUnsent { get; set; }

    /// <summary>Its status while it is in flight.</summary>
    public MultiplexExchangeStatus Status(TimeProvider time)
    {
        var sharing = 0;
        for (var follower = Followers; follower is not null; follower = follower.Next)
        {
            sharing++;
        }

        return new(client.Id, time.GetElapsedTime(Started), Facts.Unit, sharing);
    }

    /// <summary>Signals <see cref="Taken"/> if anything waits for it.</summary>
    public void SignalTaken() => Volatile.Read(ref _taken)?.Signal();

    /// <summary>Makes another request wait for the same reply.</summary>
    public void Follow(MultiplexRequest follower)
    {
        follower.Next = null;
        follower.Lane!.Join();
        _ = Followers is null ? Followers = follower : _lastFollower!.Next = follower;
        _lastFollower = follower;
    }

    /// <summary>Takes over the followers of the request that this one followed.</summary>
    public void Lead(MultiplexRequest former)
    {
        Followers = Next;
        _lastFollower = former._lastFollower;
        Next = null;
        Lane!.Unjoin();
    }

    /// <summary>Removes the followers that have waited too long.</summary>
    public void TakeExpiredFollowers(long now, List<MultiplexRequest> taken) =>
        TakeFollowers(static (follower, now) => now >= follower.Deadline, now, taken);

    /// <summary>Removes the followers in a lane.</summary>
    public void TakeFollowersIn(RequestLane lane, List<MultiplexRequest> taken) =>
        TakeFollowers(static (follower, lane) => follower.Lane == lane, lane, taken);

    private void TakeFollowers<T>(Func<MultiplexRequest, T, bool> condition, T argument, List<MultiplexRequest> taken)
    {
        MultiplexRequest? before = null;
        for (var follower = Followers; follower is not null; )
        {
            var next = follower.Next;
            if (!condition(follower, argument))
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

    /// <summary>Releases the memory of its messages once it is done.</summary>
    /// <returns>Whether the object can be used for another request.</returns>
    public bool TryRelease()
    {
        if (!IsReusable)
        {
            Original.Forget();
            Translated?.Forget();
            return false;
        }

        Original.Clear();
        Translated?.Clear();
        return true;
    }

    /// <summary>Reinitializes the object for a new request.</summary>
    public void Reset(ReadOnlySpan<byte> message)
    {
        Original.Clear();
        Original.Append(message);
        Translated?.Clear();
        Reply?.Clear();
        HasReplyBegun = false;
        _sendingLag?.Clear();
        _takingLag?.Clear();
        IsTranslated = IsComplete = HasFailed = IsUnsent = HasTurn = HasId = EndsConnection = false;
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
