namespace Proxy.Connections.Linux;

/// <summary>
/// The handlers by the number that epoll returns: an index and, above it, a counter which tells a handler from earlier ones with the same
/// index, whose events may still arrive.
/// </summary>
internal sealed class EventTable
{
    /// <summary>The registration of a handler that was never added.</summary>
    public const ulong None = 0;

    private const int FirstSize = 64;
    private readonly Lock _gate = new(); // guards changes; Find reads without it
    private readonly Stack<int> _free = new();
    private volatile IEventHandler?[] _handlers = new IEventHandler?[FirstSize];
    private int _used;
    private uint _count = 1; // never 0, so that no registration is None

    public ulong Add(IEventHandler handler)
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var index))
            {
                index = _used;
                if (index == _handlers.Length)
                {
                    var larger = _handlers;
                    Array.Resize(ref larger, index * 2);
                    _handlers = larger;
                }

                _used++; // last, since there may be no memory for a larger table
            }

            var registration = ((ulong)_count << 32) | (uint)index;
            _count = _count == uint.MaxValue ? 1 : _count + 1;
            handler.Registration = registration;
            Volatile.Write(ref _handlers[index], handler);
            return registration;
        }
    }

    public void Remove(ulong registration)
    {
        lock (_gate)
        {
            var index = (int)(uint)registration;
            if (Find(registration) is not null)
            {
                _handlers[index] = null;
                _free.Push(index);
            }
        }
    }

    public IEventHandler? Find(ulong registration)
    {
        var handlers = _handlers;
        var index = (uint)registration;
        return index < handlers.Length && Volatile.Read(ref handlers[index]) is { } handler && handler.Registration == registration
            ? handler
            : null;
    }
}
