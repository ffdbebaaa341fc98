using Proxy.Connections;
using Proxy.Limits;
using Proxy.Multiplexing.Framing;

namespace Proxy.Multiplexing;

/// <summary>The bytes of a client that were received and not processed yet. Used only by the client's reader, but for <see cref="IsEmpty"/>.</summary>
internal sealed class RequestInput(MessagePort port, IMessageFramer framer, TimeProvider time, ByteHolder holder)
{
    private readonly ByteBuffer _bytes = new(holder);
    private InputState _state = InputState.Open;
    private int _examined;
    private FrameMeasure _part; // of the incomplete message at the start; the default if it was not measured yet
    private FrameRest _rest; // of a message that is passed on in parts

    /// <summary>Whether the client has sent FIN.</summary>
    public bool HasEnded { get; private set; }

    public bool IsEmpty => _bytes.Count == 0;

    /// <summary>Whether the next byte begins a message.</summary>
    public bool IsBetweenMessages => IsEmpty && _rest.IsStart;

    public ReadOnlySpan<byte> Bytes => _bytes.Span;

    public ReadOnlyMemory<byte> Memory => _bytes.Memory;

    /// <summary>The memory that is needed before more can be received; 0 if there is space.</summary>
    public int NextGrowth => _bytes.NextGrowth(Most, Least);

    /// <summary>Measures the message at the start of the bytes, or what is left of it.</summary>
    /// <param name="inParts">Whether it is to be passed on in parts if possible.</param>
    public FrameMeasure Measure(bool inParts = false)
    {
        var state = HasEnded ? InputState.Ended : _state;
        if (_bytes.Count < _part.Length && state == InputState.Open && !inParts)
        {
            return _part; // fewer bytes than that cannot give a different result, and a client may send them one by one
        }

        var measure = framer.Measure(
            MeasureContext.ForRequest(_bytes.Span) with
            {
                Input = state,
                Examined = _examined,
                Rest = _rest,
                InParts = inParts,
            }
        );
        _state = InputState.Open;
        _examined = measure.Examined;
        _part = measure.Status == FrameStatus.NeedMore ? measure : default;
        return measure;
    }

    /// <summary>Receives bytes, which <see cref="Take"/> then adds.</summary>
    /// <returns>The number of bytes; 0 after FIN.</returns>
    public ValueTask<int> ReceiveAsync(CancellationToken cancellationToken = default) =>
        port.ReceiveAsync(_bytes.Room(Most, Least), cancellationToken);

    /// <summary>Receives bytes, or returns after a time without any, since silence may end a message.</summary>
    /// <returns>The number of bytes; 0 after FIN, -1 after the silence.</returns>
    public async ValueTask<int> ReceiveAsync(TimeSpan silence)
    {
        using var limit = new CancellationTokenSource(silence, time);
        try
        {
            return await ReceiveAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _state = InputState.Silent;
            return -1;
        }
    }

    /// <summary>Adds received bytes.</summary>
    public void Take(int count)
    {
        _bytes.Advance(count);
        HasEnded |= count == 0;
    }

    /// <summary>Moves a message, or its first part, from the start to the end of another buffer.</summary>
    public void MoveTo(ByteBuffer target, in FrameMeasure measure)
    {
        target.TakeFrom(_bytes, measure.Length);
        Passed(measure);
    }

    /// <summary>Removes a part from the start.</summary>
    public void Consume(in FrameMeasure part)
    {
        _bytes.Consume(part.Length);
        Passed(part);
    }

    /// <summary>Drops everything, and takes what the client still sends for its end: the rest of its message does not exist.</summary>
    public void End()
    {
        _bytes.Release();
        _part = default;
        HasEnded = true;
    }

    public void Clear()
    {
        _bytes.Clear();
        _part = default;
    }

    private int Most => Math.Max(framer.MaxBytes, BufferPool.BufferSize);

    // The rest of a long message is received in large pieces.
    private int Least => _rest.IsStart ? 1 : BufferPool.BufferSize - _bytes.Count;

    private void Passed(in FrameMeasure measure)
    {
        _examined = 0;
        _part = default;
        _rest = measure.Rest;
    }

    public void Release() => _bytes.Release();
}
