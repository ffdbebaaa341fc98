using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Multiplexing;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Limits;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>Serves one client: reads a limited number of its requests ahead, and sends it their replies.</summary>
internal sealed class MultiplexClient : IDeadline
{
    private const int MostAhead = 16;
    private const int LeastAhead = 2; // a read is always outstanding, so that a reset is noticed while a request is under way
    private const int BytesAhead = 256 * 1024;
    private const int LongestTurn = 10_000; // milliseconds of lag, after which another client may exceed the budget
    private const int LongestStall = 60_000; // milliseconds of lag, while others wait for the memory of the message

    private readonly ConnectionContext _connection;
    private readonly ConnectionRecord _record;
    private readonly RelayDeadlines _deadlines;
    private readonly MultiplexDependencies _services;
    private readonly MessagePort _port;
    private readonly RequestInput _input;
    private readonly ReplyOrder _replies;
    private readonly ClientLanes _lanes;
    private readonly RequestIntake _intake;
    private readonly ReadinessGate _granted = new(inline: true);
    private readonly bool _dropsUnsent;
    private readonly bool _isSmall; // its messages never wait for memory
    private RequestPump? _pump; // of the last request that is passed on in parts
    private bool _hasContinued;
    private bool _isNewMessage; // nothing of it counts as lag yet
    private bool _hasLeft; // has ended, while no more of its bytes could be read
    private volatile bool _isPaused; // waits for memory
    private volatile bool _isGranted; // got the memory that it waited for
    private readonly Lock _lagGate = new();
    private readonly ClientLag _lag = new(); // with sending the rest of a message

    public MultiplexClient(
        ConnectionContext connection,
        IMessageFramer framer,
        MultiplexRoute route,
        RelayDeadlines deadlines,
        ILaneOpener opener,
        MultiplexDependencies services
    )
    {
        _connection = connection;
        Framer = framer;
        Config = route.Config;
        Rules = route.RulesOf(framer);
        _dropsUnsent = (Config.DropUnsent ?? (framer.AllowsHalfClose ? DropUnsent.OnReset : DropUnsent.Always)) == DropUnsent.Always;
        _isSmall = framer.MaxBytes <= ByteBudget.Uncounted;
        _deadlines = deadlines;
        _services = services;
        _record = ConnectionRecord.Of(connection);
        _port = new MessagePort(connection);
        Requests = new(WakeReader);
        Replies = new();
        _input = new RequestInput(_port, framer, services.Time, Requests);
        _replies = new ReplyOrder(this, Math.Clamp(BytesAhead / framer.MaxBytes, LeastAhead, MostAhead), _port, _record);
        _lanes = new ClientLanes(this, opener);
        _intake = new RequestIntake(this, _replies, _lanes, _record);
    }

    public IMessageFramer Framer { get; }

    /// <summary>The route's section Multiplex.</summary>
    public MultiplexConfig Config { get; }

    /// <summary>The route's rules for requests in the client's protocol; null if every request passes unchanged.</summary>
    public IRouteRules? Rules { get; }

    /// <summary>The memory of its requests, from the first byte of an unfinished one.</summary>
    public ByteHolder Requests { get; }

    /// <summary>The memory of replies that it has not taken.</summary>
    public ByteHolder Replies { get; }

    public MessageTrace Trace => _services.Trace;

    /// <summary>Milliseconds of the clock.</summary>
    public long Now => _services.Clock.Now;

    public string Id => _connection.ConnectionId;

    public string RouteId => _record.RouteId ?? "";

    public string? Address => _record.Client?.ToString();

    /// <summary>The destination that the client is pinned to, as cluster/destination.</summary>
    public string Destination => $"{_record.ClusterId}/{_record.DestinationId}";

    /// <summary>Whether bytes of the client were received that are not a whole request yet.</summary>
    public bool HasInput => !_input.IsEmpty;

    /// <summary>Serves the client until its connection ends.</summary>
    public async Task RunAsync()
    {
        _services.Clock.Add(this); // before the session lists it, so that every listed client has deadlines
        try
        {
            if (!_lanes.TryOpen(out var failure))
            {
                _record.Close(failure);
                return;
            }

            _record.OnDrain(_replies.Drain);
            await ReadAllAsync();
            await FinishAsync();
        }
        catch (Exception exception) when (MessagePort.IsEnd(exception) || exception is OperationCanceledException)
        {
            _record.Close(ConnectionOutcome.ClientReset);
        }
        finally
        {
            _services.Clock.Remove(this);
            _pump?.Close();
            _record.OnDrain(null); // the record may outlive this client
            _replies.Close();
            _input.Release();
            Requests.Close();
            Replies.Close(); // first, so that sessions which wait for memory send again when the client leaves them
            _lanes.Close();
        }
    }

    /// <summary>
    /// Sends the reply to a request. Thread-safe. For each submitted request, exactly one of Deliver, Complete and Fail is called.
    /// </summary>
    public void Deliver(MultiplexRequest request, ReadOnlySpan<byte> reply, bool endsConnection = false)
    {
        Touch();
        Complete(request, Completion.Replied(reply, endsConnection));
    }

    /// <summary>Sends a part of the reply to a request, which others follow.</summary>
    public void DeliverPart(MultiplexRequest request, ReadOnlySpan<byte> part)
    {
        Touch();
        _replies.Pass(request, part);
    }

    /// <summary>Whether a part of a reply can be passed on now.</summary>
    public bool MayPass(MultiplexRequest request) => _replies.MayPass(request);

    /// <summary>
    /// Sends the failure of a request in the client's protocol, or resets the connection if the protocol cannot express it.
    /// </summary>
    public void Fail(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        Touch();
        request.HasFailed = true;
        Complete(request, Completion.Failed(reply, outcome));
    }

    /// <summary>Ends a request that will not be sent, since the client has gone. It gets no reply to it, nor to later ones.</summary>
    public void Drop(MultiplexRequest request)
    {
        request.DeliversReply = false;
        Complete(request, Completion.Replied([], endsConnection: true));
    }

    /// <summary>Sends the result of a request.</summary>
    public void Complete(MultiplexRequest request, in Completion completion) => _replies.Complete(request, completion);

    /// <summary>Runs work on the event loop of the client's connection, if it has one.</summary>
    public void Post(IThreadPoolWorkItem work) => ConnectionWork.PostTo(_connection, work);

    /// <summary>Closes the connection.</summary>
    public void Close(ConnectionOutcome outcome) => _record.Close(outcome);

    /// <summary>Records how long a request waited to be sent.</summary>
    public void Waited(TimeSpan time) => _record.AddQueued(time);

    /// <summary>Sends FIN; the client is read until it ends its direction, too.</summary>
    public void EndSending()
    {
        BeginHalfClose();
        _ = _port.EndSendingAsync().AsTask();
    }

    public void Touch() => _deadlines.Active(_services.Clock.Now);

    void IDeadline.Check(long now)
    {
        // A client that is not read at present is not idle.
        if (_deadlines.Passed(now) is { } passed && (passed != ConnectionOutcome.IdleTimeout || (_replies.IsIdle && !_isPaused)))
        {
            Close(passed);
        }

        var keepsOthersWaiting = Requests.KeepsOthersWaiting;
        var lag = CheckSending(now, keepsOthersWaiting);
        if (keepsOthersWaiting && lag >= LongestTurn)
        {
            Requests.GiveWay();
            if (lag >= LongestStall)
            {
                Close(ConnectionOutcome.IdleTimeout);
            }
        }

        keepsOthersWaiting = Replies.Held > 0 && _lanes.Own is { } lane && lane.Session.KeepsOthersWaiting(lane);
        if (_replies.CheckTaking(now, keepsOthersWaiting) >= LongestStall && keepsOthersWaiting)
        {
            Close(ConnectionOutcome.IdleTimeout);
        }
    }

    private long CheckSending(long now, bool keepsOthersWaiting)
    {
        lock (_lagGate)
        {
            return _lag.Check(now, keepsOthersWaiting);
        }
    }

    private void BeginWait()
    {
        lock (_lagGate)
        {
            if (_isNewMessage)
            {
                _isNewMessage = false;
                _lag.Clear();
            }

            _lag.Begin(_services.Clock.Now);
        }
    }

    private void EndWait(int bytes)
    {
        lock (_lagGate)
        {
            _lag.End(bytes, Config.MinDataRate, _services.Clock.Now);
        }
    }

    // Starts the time limit for the second direction.
    private void BeginHalfClose() => _deadlines.HalfClosed(_services.Clock.Now);

    private async Task ReadAllAsync()
    {
        while (!_replies.IsLast)
        {
            if (!_replies.HasRoom)
            {
                if (!await WaitForRoomAsync())
                {
                    return;
                }

                continue;
            }

            if (_input.IsEmpty)
            {
                if (_input.HasEnded)
                {
                    return;
                }

                _replies.EndIfDrained();
                if (_isSmall && _input.IsBetweenMessages)
                {
                    Received(await _input.ReceiveAsync()); // nothing to measure, and no memory to wait for
                    continue;
                }
            }

            var measure = _input.Measure();
            if (measure.Status == FrameStatus.Complete)
            {
                _hasContinued = false;
                _isNewMessage = true;
                _intake.Accept(_input, measure);
            }
            else if (measure.Status == FrameStatus.Part)
            {
                await PassOnAsync(measure);
            }
            else if (measure.Status == FrameStatus.Malformed || _input.HasEnded)
            {
                _intake.Refuse(_input.Bytes[..Math.Min(_input.Bytes.Length, Framer.MaxBytes)], isCutOff: _input.HasEnded);
                _input.Clear();
                return;
            }
            else
            {
                await ContinueAsync(measure);
                if (measure.Length > ByteBudget.Uncounted && _port.HasLeftWithin(measure.Length - _input.Bytes.Length))
                {
                    CutOff();
                    return;
                }

                var hasMemory = HasMemory();
                if (!hasMemory && _input.Measure(inParts: true) is { Status: FrameStatus.Part } part)
                {
                    Requests.Cancel();
                    await PassOnAsync(part);
                    continue;
                }

                if (!hasMemory && !await WaitForMemoryAsync(measure.Length - _input.Bytes.Length))
                {
                    CutOff();
                    return;
                }

                if (_input.IsEmpty)
                {
                    Received(await _input.ReceiveAsync()); // without another state machine
                }
                else
                {
                    await ReceiveAsync(measure.Silence);
                }
            }
        }
    }

    private async ValueTask ReceiveAsync(TimeSpan silence, bool isInMessage = false)
    {
        isInMessage |= !_input.IsEmpty;
        if (isInMessage)
        {
            BeginWait();
        }

        var count = silence == TimeSpan.Zero || _input.IsEmpty ? await _input.ReceiveAsync() : await _input.ReceiveAsync(silence);
        if (isInMessage)
        {
            EndWait(Math.Max(0, count));
        }

        if (count >= 0)
        {
            Received(count);
        }
    }

    // Passes on a request in parts, after earlier ones are answered. What follows it cannot be read before it ends.
    private async Task PassOnAsync(FrameMeasure first)
    {
        while (!_replies.IsEmpty)
        {
            await WaitAsync();
        }

        if (_intake.Accept(_input, first) is { Stream: not null } request)
        {
            _isNewMessage = true;
            _pump = new RequestPump(this, request, _input, _port, _replies, _record);
            await _pump.RunAsync(first, () => ReceiveAsync(TimeSpan.Zero, isInMessage: true), _connection.ConnectionClosed);
        }
    }

    // Reserves memory for more bytes of the message. If there is none, the reader is woken when there is.
    private bool HasMemory()
    {
        _granted.Reset();
        _isGranted = false;
        return _input.NextGrowth is var growth && (growth == 0 || Requests.TryReserve(growth));
    }

    // False if the client has left in the middle of its message.
    private async ValueTask<bool> WaitForMemoryAsync(int missing)
    {
        _isPaused = true;
        var stays = await _port.WaitAsync(_granted, missing);
        Touch();
        _isPaused = false;
        if (!stays || !_isGranted)
        {
            Requests.Cancel(); // nothing more of the message is read, while earlier requests may be under way for long
        }

        return stays;
    }

    // The client has left in the middle of a message. What is left of it is read only if the reset that closing with unread bytes causes
    // could take earlier replies away.
    private void CutOff()
    {
        _hasLeft = true;
        if (_replies.IsEmpty)
        {
            _input.End();
        }
        else
        {
            _input.Clear();
        }

        _intake.Refuse([], isCutOff: true);
    }

    private void WakeReader()
    {
        _isGranted = true;
        Post(_granted);
    }

    private void Received(int count)
    {
        Touch();
        _input.Take(count);
        _record.CountClientBytes(count);
        if (count == 0)
        {
            BeginHalfClose();
        }
    }

    // Asks the client for the rest of its request, after earlier requests are answered.
    private async ValueTask ContinueAsync(FrameMeasure measure)
    {
        if (_hasContinued || (measure.Traits & MessageTraits.AwaitsContinue) == 0)
        {
            return;
        }

        _hasContinued = true;
        while (!_replies.IsEmpty)
        {
            await WaitAsync();
        }

        _replies.Say(LocalReply.Continue, _input.Bytes);
    }

    // Sends FIN when all requests are answered. If FIN was sent first, waits for the client's, since closing with unread bytes would reset
    // the connection.
    private async Task FinishAsync()
    {
        if (_dropsUnsent && (_hasLeft || _input.HasEnded))
        {
            _lanes.DropUnsent();
        }

        while (!_replies.IsEmpty)
        {
            await WaitAsync();
        }

        _lanes.Close();
        BeginHalfClose();
        await _port.EndSendingAsync();
        while (!_input.HasEnded)
        {
            _input.Clear();
            Received(await _input.ReceiveAsync());
        }
    }

    // Waits until a reply was written. False if the client has gone meanwhile, whose requests that were not read are dropped, too.
    private async ValueTask<bool> WaitForRoomAsync()
    {
        if (!_dropsUnsent)
        {
            await WaitAsync();
            return true;
        }

        _hasLeft = !await _port.WaitUnlessEndedAsync(_replies.WaitAsync);
        if (_hasLeft)
        {
            _input.Clear();
        }

        return !_hasLeft;
    }

    private async ValueTask WaitAsync()
    {
        if (_connection is not TcpConnection tcp)
        {
            await _replies.WaitAsync(CancellationToken.None);
            return;
        }

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(tcp.ConnectionClosed); // a reset of our own counts too
        await using var watch = tcp.CancelOnReset(gone);
        await _replies.WaitAsync(gone.Token);
    }
}
