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
    private int _needed;
    private int _examined;
    private int _kept; // bytes of an incomplete reply from earlier reads
    private int _drains;
    private TimeSpan _silence; // the silence that may end the incomplete reply; zero for none

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
            _input.Release();
        }
    }

    // The rest of a long reply is read in large pieces.
    private Memory<byte> Room() =>
        _input.Room(Math.Max(_framer.MaxBytes, BufferPool.BufferSize), _rest.IsStart ? 1 : BufferPool.BufferSize - _input.Count);

    private async ValueTask<UpstreamLoss> ReadLastAsync()
    {
        Read(InputState.Ended);
        while (_blocked is { } blocked)
        {
            await WaitAsync(blocked);
            ReadMore(InputState.Ended);
        }

        return UpstreamLoss.Ended;
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
            if (request is null && (_framer.Correlation is null || !_rest.IsStart))
            {
                return UpstreamLoss.Unsolicited;
            }

            var measure = Measure(request, state);
            if (measure.Status == FrameStatus.Malformed)
            {
                return UpstreamLoss.Nonsense(measure.Reason);
            }

            if (measure.Status == FrameStatus.NeedMore)
            {
                _needed = measure.Length;
                _examined = measure.Examined;
                _silence = measure.Silence;
                return null;
            }

            if (measure.Status == FrameStatus.Part && request?.Client.MayPass(request) is false)
            {
                _blocked = request;
                return null;
            }

            Take(request, measure);
        }

        return null;
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
            var hasMore = _input.Count > measure.Length;
            session.Replied(connection, request, _input.Span[..measure.Length], measure.Traits, hasMore);
        }

        _input.Consume(measure.Length);
    }
}
