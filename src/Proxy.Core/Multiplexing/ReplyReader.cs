using Proxy.Connections;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>Splits the bytes of a destination into replies, and assigns each to the request that it answers; others are dropped.</summary>
internal sealed class ReplyReader(UpstreamEvents session, UpstreamConnection connection, MessagePort port, TimeProvider time)
{
    private readonly ByteBuffer _input = new(session.Memory.CreateHolder());

    private readonly IMessageFramer _framer = connection.Settings.Framer;
    private FrameRest _rest; // of a reply that is passed on in parts
    private MultiplexRequest? _blocked; // the client has to take earlier bytes before the next part of its reply is passed on
    private readonly StrayBytes _strays = new(session, connection);
    private int _needed;
    private int _examined;
    private int _kept; // bytes of an incomplete reply from earlier reads
    private int _drains;
    private TimeSpan _silence; // the silence that may end the incomplete reply; zero for none
    private bool _isUnasked; // the incomplete message began while no request could have been answered

    /// <summary>
    /// After the end, what the destination had sent and was no reply, for operators, if it has answered nothing on this connection: often it says
    /// why it ends. Empty if there is nothing.
    /// </summary>
    public string Unanswered { get; private set; } = "";

    /// <summary>Reads until the connection has to be closed.</summary>
    /// <returns>Why it has to be closed.</returns>
    public async ValueTask<UpstreamLoss> RunAsync()
    {
        try
        {
            while (true)
            {
                if (_blocked is { } blocked)
                {
                    await WaitAsync(blocked);
                    if (ReadMore(InputState.Open) is { } late)
                    {
                        return late;
                    }

                    continue;
                }

                var count = _silence == TimeSpan.Zero ? await port.ReceiveAsync(Room()) : await ReceiveAsync(_silence);
                if (count == 0)
                {
                    return await ReadLastAsync();
                }

                _input.Advance(Math.Max(0, count));
                if (Read(count < 0 ? InputState.Silent : InputState.Open) is { } loss)
                {
                    return loss;
                }
            }
        }
        finally
        {
            KeepUnanswered();
            _input.Release();
        }
    }

    // The rest of a long reply is read in large pieces.
    private Memory<byte> Room() =>
        _input.Room(
            Math.Max(_framer.MaxBytes + _framer.MaxNoise, BufferPool.BufferSize),
            _rest.IsStart ? 1 : BufferPool.BufferSize - _input.Count
        );

    private async ValueTask<UpstreamLoss> ReadLastAsync()
    {
        Read(InputState.Ended);
        while (_blocked is { } blocked)
        {
            await WaitAsync(blocked);
            ReadMore(InputState.Ended);
        }

        KeepUnanswered();
        return UpstreamLoss.Ended.After(Unanswered);
    }

    private async ValueTask WaitAsync(MultiplexRequest blocked)
    {
        _blocked = null;
        session.Passes(connection, blocked, awaitsClient: true);
        while (true)
        {
            blocked.Taken.Reset();
            if (blocked.Client.MayPass(blocked))
            {
                session.Passes(connection, blocked, awaitsClient: false);
                return;
            }

            await blocked.Taken.WaitAsync(connection.Cancelled);
        }
    }

    private void KeepUnanswered()
    {
        if (!connection.HasAnswered)
        {
            Unanswered = _input.Count > 0 ? DescribeInput(isOver: true) : PeerBytes.Describe(_strays.Greeted);
        }
    }

    // Once a request was sent, the bytes may be a client's: the value of a key, or the number of a card. These are for the trace alone. A short text on
    // a connection that has answered nothing says why it is closed, as a gateway does whose port is in use.
    private string DescribeInput(bool isOver = false) =>
        session.AwaitsFirstRequest(connection) || (isOver && PeerBytes.IsMessage(_input.Span))
            ? PeerBytes.Describe(_input.Span)
            : PeerBytes.DescribeLength(_input.Count);

    // Returns -1 after the silence that the framer waits for.
    private async ValueTask<int> ReceiveAsync(TimeSpan silence)
    {
        using var limit = new CancellationTokenSource(silence, time);
        try
        {
            return await port.ReceiveAsync(Room(), limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return -1;
        }
    }

    // Reads all complete messages; returns null while the connection can stay.
    private UpstreamLoss? Read(InputState state)
    {
        _silence = TimeSpan.Zero;
        if (_strays.TryTakeGreeting(_input, out var isTooLong))
        {
            return isTooLong ? UpstreamLoss.Unsolicited : null;
        }

        if (Drops(state))
        {
            return null;
        }

        return ReadMore(state);
    }

    private UpstreamLoss? ReadMore(InputState state)
    {
        var loss = ReadAll(state);
        _kept = _input.Count;
        return loss;
    }

    // While a connection drains, everything is dropped, including the part of a reply that had arrived before.
    private bool Drops(InputState state)
    {
        var drops = session.Received(connection, hasBytes: state == InputState.Open);
        if (drops)
        {
            _input.Clear();
        }
        else if (_drains != connection.Drains)
        {
            _input.Consume(Math.Min(_kept, _input.Count));
        }

        if (drops || _drains != connection.Drains)
        {
            _drains = connection.Drains;
            _kept = _needed = _examined = 0;
            _rest = default;
            _isUnasked = false;
            _strays.Drained();
        }

        return drops;
    }

    private UpstreamLoss? ReadAll(InputState state)
    {
        while ((_input.Count > 0 && (_input.Count >= _needed || state != InputState.Open)) || (state == InputState.Ended && !_rest.IsStart))
        {
            var id = 0UL;
            if (_rest.IsStart && _framer.Correlation is { } field && !field.TryRead(_input.Span, out id))
            {
                _needed = field.End;
                return null;
            }

            var request = session.Expected(connection, id);
            if (request is null && !_rest.IsStart)
            {
                return UpstreamLoss.Unsolicited; // what is left of a reply whose request is over
            }

            if (_rest.IsStart && (request is null ? _strays.TryTakeEcho(_input) : _strays.TryTakeEcho(request, _input)))
            {
                _needed = _examined = 0;
                continue;
            }

            var measure = Measure(request, state);
            if (request is null && _framer.Correlation is null)
            {
                if (!TryDropUnasked(measure))
                {
                    return _isUnasked ? null : UpstreamLoss.Unsolicited.After(DescribeInput());
                }
            }
            else if (measure.Status == FrameStatus.Skip)
            {
                Drop("Noise from destination", measure.Length);
            }
            else if (
                measure.Status == FrameStatus.NeedMore
                || (measure.Status == FrameStatus.Malformed && _strays.MayBeEcho(request, _input))
            )
            {
                _needed = Math.Max(measure.Length, _input.Count + 1);
                _examined = measure.Examined;
                _silence = measure.Silence;
                return null;
            }
            else if (measure.Status == FrameStatus.Malformed)
            {
                return UpstreamLoss.Nonsense(measure.Reason).After(DescribeInput(isOver: !connection.HasAnswered));
            }
            else if (_rest.IsStart && measure.Status == FrameStatus.Complete && _strays.IsUnsolicited(_input.Span[..measure.Length]))
            {
                Drop("Unsolicited message from destination", measure.Length);
                session.Discarded();
            }
            else if (
                measure.Status == FrameStatus.Complete
                && _framer is { Correlation: null, ClientId: not null }
                && _rest.IsStart
                && IsMismatch(request!, _input.Span[..measure.Length])
            )
            {
                return UpstreamLoss.Nonsense("The reply is not to this request.").After(DescribeInput());
            }
            else if (_isUnasked)
            {
                return UpstreamLoss.Unsolicited.After(DescribeInput());
            }
            else if (measure.Status == FrameStatus.Part && request?.Client.MayPass(request) is false)
            {
                _blocked = request;
                return null;
            }
            else
            {
                Take(request, measure);
            }
        }

        return null;
    }

    // Where the destination repeats no id, what the reply says is all that connects it with the request.
    private bool IsMismatch(MultiplexRequest request, ReadOnlySpan<byte> reply) =>
        _framer.Rules.Judge(request.Sent.Span, reply) == ReplyMeaning.Mismatch;

    // Bytes that no request asked for. If more have to come before they can be judged, false, and they count as unasked for.
    private bool TryDropUnasked(FrameMeasure measure)
    {
        var dropped = _strays.Judge(_input.Span, measure);
        if (dropped > 0)
        {
            if (measure.Status == FrameStatus.Complete)
            {
                session.Discarded();
            }

            Drop("Unasked bytes from destination", dropped.Value);
            return true;
        }

        _isUnasked = dropped == 0;
        _needed = _isUnasked ? measure.Length : 0;
        return false;
    }

    private void Drop(string what, int length)
    {
        _strays.Drop(what, _input, length);
        _needed = _examined = 0;
        _isUnasked = false;
    }

    private FrameMeasure Measure(MultiplexRequest? request, InputState state) =>
        _framer.Measure(
            MeasureContext.ForReply(_input.Span, request is null ? [] : request.Sent.Span) with
            {
                Input = state,
                Examined = _examined,
                Rest = _rest,
            }
        );

    private void Take(MultiplexRequest? request, FrameMeasure measure)
    {
        _needed = _examined = 0;
        _rest = measure.Rest;
        session.Trace.FromDestination(session.Key, request, _input.Span[..measure.Length]);
        if (request is null)
        {
            session.Discarded();
        }
        else if (measure.Status == FrameStatus.Part)
        {
            session.RepliedPart(connection, request, _input.Span[..measure.Length]);
        }
        else
        {
            _strays.Replied(request, _input.Span[..measure.Length]);
            var hasMore = _framer.Correlation is null && _strays.EndsConnection(_input.Span[measure.Length..]);
            session.Replied(connection, request, _input.Span[..measure.Length], measure.Traits, hasMore);
        }

        _input.Consume(measure.Length);
    }
}
