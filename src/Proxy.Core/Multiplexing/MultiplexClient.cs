using Microsoft.AspNetCore.Connections;
using Proxy.Configuration.Multiplexing;
using Proxy.Connections;
using Proxy.Diagnostics;
using Proxy.Multiplexing.Framing;
using Proxy.Timing;

namespace Proxy.Multiplexing;

/// <summary>One client: reads its requests, as many ahead as is bearable, and gets their replies.</summary>
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
    private readonly RequestInput _input;
    private readonly ReplyOrder _replies;
    private readonly ClientLanes _lanes;
    private readonly RequestIntake _intake;
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
        _input = new RequestInput(_port, framer, services.Time);
        _replies = new ReplyOrder(this, Math.Clamp(BytesAhead / framer.MaxBytes, LeastAhead, MostAhead), _port, _record);
        _lanes = new ClientLanes(this, opener);
        _intake = new RequestIntake(this, _replies, _lanes, _record);
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
        _services.Clock.Add(this); // before the session knows of it: what is shown as a client has deadlines
        try
        {
            if (!_lanes.TryOpen(out var failure))
            {
                _record.Close(failure);
                return;
            }

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

    /// <summary>Takes the reply to a request. From any thread; exactly one of this, Complete and Fail is called for each that was submitted.</summary>
    public void Deliver(MultiplexRequest request, ReadOnlySpan<byte> reply, bool endsConnection = false)
    {
        Touch();
        Complete(request, Completion.Replied(reply, endsConnection));
    }

    /// <summary>Says to the client in its protocol's words that a request failed, or else resets the connection.</summary>
    public void Fail(MultiplexRequest request, LocalReply reply, ConnectionOutcome outcome)
    {
        Touch();
        request.HasFailed = true;
        Complete(request, Completion.Failed(reply, outcome));
    }

    /// <summary>Takes what completes a request.</summary>
    public void Complete(MultiplexRequest request, in Completion completion) => _replies.Complete(request, completion);

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

    void IDeadline.Check(long now)
    {
        if (_deadlines.Passed(now) is { } passed && (passed != ConnectionOutcome.IdleTimeout || _replies.IsIdle))
        {
            Close(passed);
        }
    }

    // Begins to count the time that what is left may take.
    private void BeginHalfClose() => _deadlines.HalfClosed(_services.Clock.Now);

    private async Task ReadAllAsync()
    {
        while (!_replies.IsLast)
        {
            if (!_replies.HasRoom)
            {
                await WaitAsync();
                continue;
            }

            if (_input.HasEnded && _input.IsEmpty)
            {
                return;
            }

            var measure = _input.Measure();
            if (measure.Status == FrameStatus.Complete)
            {
                _hasContinued = false;
                _intake.Accept(_input.Bytes[..measure.Length], measure.Traits);
                _input.Consume(measure.Length);
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
                var count =
                    measure.Silence == TimeSpan.Zero || _input.IsEmpty
                        ? await _input.ReceiveAsync()
                        : await _input.ReceiveAsync(measure.Silence);
                if (count >= 0)
                {
                    Received(count);
                }
            }
        }
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

    // Asks for the rest of a request whose client waits to be asked; what came before it is answered first.
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

    // All is answered, then FIN; after a FIN of ours first, the client's is awaited, for closing with unread bytes would be a reset.
    private async Task FinishAsync()
    {
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

    private async ValueTask WaitAsync()
    {
        if (_connection is not TcpConnection tcp)
        {
            await _replies.WaitAsync(CancellationToken.None);
            return;
        }

        using var gone = new CancellationTokenSource();
        await using var watch = tcp.CancelOnReset(gone);
        await _replies.WaitAsync(gone.Token);
    }
}
