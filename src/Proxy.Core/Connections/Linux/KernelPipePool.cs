namespace Proxy.Connections.Linux;

/// <summary>The pipes of one loop: taken while a direction moves bulk, and closed when they were not needed for a while.</summary>
internal sealed class KernelPipePool(EventLoop loop) : LoopTimer
{
    private const int MostIdle = 32;
    private const int MostInUse = 256;
    private const int IdleTime = 5_000;
    private readonly Stack<KernelPipe> _idle = new();
    private int _inUse;
    private int _fewestIdle;

    /// <summary>Whether splicing works here: a seccomp profile may forbid it, and then bytes are copied.</summary>
    public bool IsSpliceAllowed { get; set; } = true;

    /// <summary>An empty pipe, or null: copy then.</summary>
    public KernelPipe? TryTake()
    {
        if (!IsSpliceAllowed || _inUse >= MostInUse)
        {
            return null;
        }

        var pipe = _idle.TryPop(out var idle) ? idle : KernelPipe.TryCreate();
        _fewestIdle = Math.Min(_fewestIdle, _idle.Count);
        _inUse += pipe is null ? 0 : 1;
        return pipe;
    }

    /// <summary>Takes a pipe back.</summary>
    /// <param name="pipe">One from <see cref="TryTake"/>.</param>
    /// <param name="isEmpty">Whether nothing is left in it; otherwise it is closed.</param>
    public void GiveBack(KernelPipe pipe, bool isEmpty)
    {
        _inUse--;
        if (!isEmpty || _idle.Count >= MostIdle)
        {
            pipe.Close();
            return;
        }

        _idle.Push(pipe);
        loop.Timers.Schedule(this, loop.Now + IdleTime);
    }

    public void Clear()
    {
        while (_idle.TryPop(out var pipe))
        {
            pipe.Close();
        }
    }

    /// <summary>Closes those that were idle the whole time.</summary>
    public override long OnTimer(long now)
    {
        for (var i = 0; i < _fewestIdle; i++)
        {
            _idle.Pop().Close();
        }

        _fewestIdle = _idle.Count;
        return _idle.Count == 0 ? Never : now + IdleTime;
    }
}
