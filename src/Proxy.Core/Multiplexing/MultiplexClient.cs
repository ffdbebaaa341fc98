using Microsoft.AspNetCore.Connections;
using Proxy.Configuration;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>One client: reads its requests, as many ahead as is bearable, and hands them to sessions.</summary>
internal sealed class MultiplexClient : IDeadline
{
    private const int MostAhead = 16;
    private const int LeastAhead = 2; // so that a read is outstanding while a request is under way, and a reset is seen
    private const int BytesAhead = 256 * 1024;

    private readonly ConnectionContext _connection;
    private readonly ConnectionRecord _record;
    private readonly RelayDeadlines _deadlines;
    private readonly MultiplexServices _services;
    private readonly MessagePort _port;
    private readonly ByteBuffer _input = new();
    private readonly ReplyOrder _replies;
    private readonly ClientLanes _lanes;
    private int _examined;
    private bool _hasEnded;
    private bool _hasContinued;

    public MultiplexClient(
        ConnectionContext connection,
        IMessageFramer framer,
        MultiplexRoute route,
        RelayDeadlines deadlines,
        ILaneOpener opener,
        MultiplexServices services
    )
    {
        _connection = connection;
        Framer = framer;
        Config = route.Config;
        Rules = route.RulesOf(framer);
        _deadlines = deadlines;
        _services = services;
        _record = ConnectionRecord.Of(connection);
        _port = new MessagePort(connection);
        _replies = new ReplyOrder(this, Math.Clamp(BytesAhead / framer.MaxBytes, LeastAhead, MostAhead), _port, _record);
        _lanes = new ClientLanes(this, opener);
    }

    public IMessageFramer Framer { get; }

    /// <summary>What its route says of clients.</summary>
    public MultiplexConfig Config { get; }

    /// <summary>What its route makes of requests in its protocol; null if it lets all pass as they are.</summary>
    public IRouteRules? Rules { get; }

    public MessageTrace Trace => _services.Trace;

    public string Id => _connection.ConnectionId;

    public string RouteId => _record.RouteId ?? "";

    public string? Address => _record.Client?.ToString();

    /// <summary>The destination the client is pinned to.</summary>
    public string Destination => $"{_record.ClusterId}/{_record.DestinationId}";

    /// <summary>Serves the client to its end.</summary>
    public async Task RunAsync()
    {
        if (!_lanes.TryOpen(out var failure))
        {
            _record.Close(failure);
            return;
        }

        _services.Clock.Add(this);
        try
        {
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
            _replies.Close();
            _lanes.Close();
            _input.Release();
        }
    }

    /// <summary>Takes the reply to a request. From any thread; exactly one of this and Fail is called for each that was submitted.</summary>
    public void Deliver(MultiplexRequest request, ReadOnlySpan<byte> reply, bool endsConnection = false)
    {
        Touch();
        _replies.Complete(request, reply, endsConnection);
    }

    /// <summary>Takes that a request was done where nobody answers it: upstream, or here since it is ignored.</summary>
    public void DeliverDone(MultiplexRequest request) => _replies.CompleteDone(request);

    /// <summary>Says to the client in its protocol's words that a request failed, or else resets the connection.</summary>
    public void Fail(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        Touch();
        request.HasFailed = true;
        _replies.CompleteLocally(request, reply, outcome);
    }

    /// <summary>Runs work where the client's connection does.</summary>
    public void Post(IThreadPoolWorkItem work) => ConnectionWork.PostTo(_connection, work);

    /// <summary>Ends the connection from our side.</summary>
    public void Close(ConnectionOutcome outcome) => _record.Close(outcome);

    /// <summary>Notes how long a request waited to be sent.</summary>
    public void Waited(TimeSpan time) => _record.AddQueued(time);

    /// <summary>Sends FIN; what the client still sends is read until it ends, too.</summary>
    public void EndSending()
    {
        BeginHalfClose();
        _ = _port.EndSendingAsync().AsTask();
    }

    public void Touch() => _deadlines.Active(_services.Clock.Now);

    /// <summary>Begins to count the time that what is left may take.</summary>
    public void BeginHalfClose() => _deadlines.HalfClosed(_services.Clock.Now);

    void IDeadline.Check(long now)
    {
        if (_deadlines.Passed(now) is { } passed && (passed != ConnectionOutcome.IdleTimeout || _replies.IsIdle))
        {
            Close(passed);
        }
    }

    private async Task ReadAllAsync()
    {
        var state = InputState.Open;
        while (!_replies.IsLast)
        {
            if (!_replies.HasRoom)
            {
                await WaitAsync(_replies);
                continue;
            }

            if (_hasEnded && _input.Count == 0)
            {
                return;
            }

            var measure = Measure(_hasEnded ? InputState.Ended : state);
            state = InputState.Open;
            if (measure.Status == FrameStatus.Complete)
            {
                Accept(measure);
            }
            else if (measure.Status == FrameStatus.Malformed || _hasEnded)
            {
                Refuse();
                return;
            }
            else
            {
                await ContinueAsync(measure);
                _examined = measure.Examined;
                if (measure.Silence == TimeSpan.Zero || _input.Count == 0)
                {
                    Received(await _port.ReceiveAsync(_input.Room(Math.Max(Framer.MaxBytes, BufferPool.BufferSize))));
                }
                else
                {
                    state = await ReceiveAsync(measure.Silence) ? InputState.Open : InputState.Silent;
                }
            }
        }
    }

    private FrameMeasure Measure(InputState state) =>
        Framer.Measure(MeasureContext.ForRequest(_input.Span) with { Input = state, Examined = _examined });

    // True when something came or the stream ended, false after the silence that the framer asked for.
    private async ValueTask<bool> ReceiveAsync(TimeSpan silence)
    {
        using var limit = new CancellationTokenSource(silence, _services.Time);
        try
        {
            Received(await _port.ReceiveAsync(_input.Room(Math.Max(Framer.MaxBytes, BufferPool.BufferSize)), limit.Token));
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Received(int count)
    {
        Touch();
        _input.Advance(count);
        _record.CountClientBytes(count);
        if (count == 0)
        {
            _hasEnded = true;
            BeginHalfClose();
        }
    }

    private void Accept(FrameMeasure measure)
    {
        Trace.FromClient(this, _input.Span[..measure.Length]);
        var request = _replies.Add(_input.Span[..measure.Length]);
        _input.Consume(measure.Length);
        if (request is null)
        {
            return;
        }

        _examined = 0;
        _hasContinued = false;
        request.DeliversReply = (measure.Traits & MessageTraits.NoReply) == 0;
        request.EndsConnection = (measure.Traits & MessageTraits.EndsConnection) != 0;
        if (request.EndsConnection)
        {
            _replies.IsLast = true;
        }

        request.Facts = Framer.Rules.Describe(request.Original.Span);
        switch (Rules?.Judge(request.Original.Span))
        {
            case RequestVerdict.Deny:
                Fail(request, LocalReply.NotAllowed, ConnectionOutcome.Denied);
                break;
            case RequestVerdict.Ignore:
                DeliverDone(request);
                break;
            default:
                Submit(request, measure.Traits);
                break;
        }
    }

    private void Submit(MultiplexRequest request, MessageTraits traits)
    {
        if (_lanes.Find(request.Facts.Unit) is not { } lane)
        {
            Fail(request, LocalReply.NoPath, ConnectionOutcome.NoDestination);
        }
        else if (lane.Translator.Prepare(request, traits))
        {
            request.Lane = lane;
            lane.Session.Submit(request);
        }
        else
        {
            Fail(request, LocalReply.NotAllowed, ConnectionOutcome.ProtocolError);
        }
    }

    // What came before it is answered first.
    private void Refuse()
    {
        var request = _replies.Add(_input.Span[..Math.Min(_input.Count, Framer.MaxBytes)]);
        _input.Clear();
        if (request is null)
        {
            return;
        }

        _replies.IsLast = true;
        request.EndsConnection = true;
        if (_hasEnded)
        {
            // A message cut off by its own sender: nobody waits for a reply to it.
            request.DeliversReply = false;
            _record.TryEnd(ConnectionOutcome.ProtocolError);
            Deliver(request, []);
        }
        else
        {
            Fail(request, LocalReply.Malformed, ConnectionOutcome.ProtocolError);
        }
    }

    private async ValueTask ContinueAsync(FrameMeasure measure)
    {
        if (_hasContinued || (measure.Traits & MessageTraits.AwaitsContinue) == 0)
        {
            return;
        }

        _hasContinued = true;
        while (!_replies.IsEmpty)
        {
            await WaitAsync(_replies);
        }

        _replies.Say(LocalReply.Continue, _input.Span);
    }

    // All is answered, then FIN; after a FIN of ours first, the client's is awaited, for closing with unread bytes would be a reset.
    private async Task FinishAsync()
    {
        while (!_replies.IsEmpty)
        {
            await WaitAsync(_replies);
        }

        _lanes.Close();
        BeginHalfClose();
        await _port.EndSendingAsync();
        while (!_hasEnded)
        {
            _input.Clear();
            Received(await _port.ReceiveAsync(_input.Room(BufferPool.BufferSize)));
        }
    }

    private async ValueTask WaitAsync(ReplyOrder replies)
    {
        if (_connection is not TcpConnection tcp)
        {
            await replies.WaitAsync(CancellationToken.None);
            return;
        }

        using var gone = new CancellationTokenSource();
        await using var watch = tcp.CancelOnReset(gone);
        await replies.WaitAsync(gone.Token);
    }
}
