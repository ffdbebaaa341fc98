using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Proxy.Native;
using Proxy.Timing;

namespace Proxy.Connections.Linux;

/// <summary>One thread with one epoll instance. State of the loop is used on its thread only, and so needs no locks.</summary>
internal sealed unsafe class EventLoop : IDisposable
{
    /// <summary>The time in milliseconds after which a turn counts as held, since it keeps all connections of the loop waiting.</summary>
    public const int LongestTurn = 50;

    private const int MillisecondsPerSecond = 1000;
    private const long NanosecondsPerMillisecond = 1_000_000;
    private const long Unarmed = long.MaxValue;
    private const int EventsPerWait = 256;
    private const ulong TimerRegistration = ulong.MaxValue; // is not in the table
    private const int ReportPause = 100; // milliseconds before a failure that could not be reported is reported again

    private readonly int _wake;
    private readonly int _timer;
    private readonly byte* _events;
    private readonly EventTable _handlers = new();
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly IEventLoopReport _report;
    private readonly Thread _thread;
    private readonly Lock _closing = new(); // guards _closed: other files may get the numbers of its descriptors afterwards
    private Queue<IThreadPoolWorkItem> _ready = new();
    private Queue<IThreadPoolWorkItem> _running = new();
    private int _woken;
    private long _armed = Unarmed; // when the timer expires, by the clock of the deadlines
    private int _connections;
    private long _turnBegan;
    private object? _step; // what runs now: a handler, work or the timers
    private long _stepBegan;
    private object? _longestStep; // of this turn
    private long _longest;
    private ThreadWait? _waits;
    private long _reported;
    private long _heldTurns;
    private volatile bool _stopping;
    private bool _closed;
    private Exception? _unreported; // the first failure that could not be reported yet

    /// <param name="index">The number of the loop in its group.</param>
    /// <param name="report">Notified of problems.</param>
    public EventLoop(int index, IEventLoopReport report)
    {
        Index = index;
        _report = report;
        Number = Descriptor.Require(Libc.EpollCreate(Libc.EpollCloexec));
        _wake = Descriptor.Require(Libc.EventFd(0, Libc.OpenNonBlock | Libc.OpenCloexec));
        _timer = Descriptor.Require(Libc.TimerCreate(Libc.ClockMonotonic, Libc.OpenNonBlock | Libc.OpenCloexec));
        _events = (byte*)NativeMemory.Alloc((nuint)(EventsPerWait * EpollEvents.Size));
        Buffer = (byte*)NativeMemory.Alloc(BufferPool.BufferSize);
        Control(Libc.EpollAdd, _wake, Libc.EpollIn | Libc.EpollEdge, EventTable.None);
        Control(Libc.EpollAdd, _timer, Libc.EpollIn | Libc.EpollEdge, TimerRegistration);
        Now = RunningTime.OfProcess.Milliseconds;
        Timers = new TimerWheel(Now);
        Pipes = new KernelPipePool(this);
        _thread = new Thread(Run) { IsBackground = true, Name = $"proxy-loop-{index}" };
        _thread.UnsafeStart();
    }

    /// <summary>The loop of the current thread; null on other threads.</summary>
    [field: ThreadStatic]
    public static EventLoop? Current { get; private set; }

    public int Index { get; }

    /// <summary>The descriptor of the epoll instance.</summary>
    public int Number { get; }

    /// <summary>The value of <see cref="RunningTime.Milliseconds"/> at the start of the turn.</summary>
    public long Now { get; private set; }

    /// <summary>The buffer for all transfers, of <see cref="BufferPool.BufferSize"/> bytes; it holds nothing between two calls.</summary>
    public byte* Buffer { get; }

    public TimerWheel Timers { get; }

    public KernelPipePool Pipes { get; }

    /// <summary>The number of accepted connections on this loop, the measure of its load.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>
    /// When the current turn began, by <see cref="Environment.TickCount64"/> in milliseconds; 0 while the loop waits for events.
    /// </summary>
    public long TurnBegan => Volatile.Read(ref _turnBegan);

    /// <summary>The number of turns that took longer than <see cref="LongestTurn"/>.</summary>
    public long HeldTurns => Volatile.Read(ref _heldTurns);

    /// <summary>
    /// Reports a turn that is still running and takes too long, since one that never ends cannot report itself; otherwise notes how long the
    /// thread has waited for a CPU so far. Called by one thread at a time, about once a second while the loop has turns.
    /// </summary>
    public void Watch()
    {
        var now = Environment.TickCount64;
        if (!ReportIfHeld(TurnBegan, now, isOver: false))
        {
            NoteWaits();
        }
    }

    /// <summary>Notes how long the thread has waited for a CPU so far.</summary>
    public void NoteWaits() => Volatile.Read(ref _waits)?.Note();

    public void CountConnection(int change) => Interlocked.Add(ref _connections, change);

    /// <summary>Starts to watch a descriptor. Thread-safe.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The kernel has no memory or epoll watches left.</exception>
    public void Add(int descriptor, uint events, IEventHandler handler)
    {
        var registration = _handlers.Add(handler);
        try
        {
            Control(Libc.EpollAdd, descriptor, events, registration);
        }
        catch
        {
            _handlers.Remove(registration);
            throw;
        }
    }

    /// <summary>Removes a handler whose descriptor is about to be closed, which ends the watch. Thread-safe.</summary>
    public void Forget(ulong registration) => _handlers.Remove(registration);

    /// <summary>Stops watching a descriptor that stays open. Thread-safe.</summary>
    public void Remove(int descriptor, ulong registration)
    {
        _handlers.Remove(registration);
        lock (_closing)
        {
            if (!_closed)
            {
                // The last argument is ignored, but old kernels require a pointer.
                _ = Libc.EpollControl(Number, Libc.EpollDelete, descriptor, _events);
            }
        }
    }

    /// <summary>Runs work on the loop's thread in the next turn. Thread-safe.</summary>
    public void Post(IThreadPoolWorkItem work)
    {
        _posted.Enqueue(work);
        if (Interlocked.Exchange(ref _woken, 1) == 0 && Current != this)
        {
            Wake();
        }
    }

    /// <summary>Runs work in the next turn, after all other work. Called on the loop's thread.</summary>
    public void Later(IThreadPoolWorkItem work) => _ready.Enqueue(work);

    /// <inheritdoc />
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        Wake();
        if (Current != this)
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        Current = this;
        Volatile.Write(ref _waits, ThreadWait.OfThisThread());
        while (!_stopping)
        {
            Volatile.Write(ref _turnBegan, 0);
            var count = Libc.EpollWait(Number, _events, EventsPerWait, WaitTime());
            Now = RunningTime.OfProcess.Milliseconds;
            var began = Environment.TickCount64;
            Volatile.Write(ref _turnBegan, began);
            _report.Began(this);
            if (_unreported is { } exception && TryReport(exception))
            {
                _unreported = null;
            }

            (_longest, _longestStep) = (0, null);
            Begin(this, began);
            Turn(count);
            var ended = Environment.TickCount64;
            Begin(null, ended);
            ReportIfHeld(began, ended, isOver: true);
        }

        CloseAll();
    }

    private bool ReportIfHeld(long began, long now, bool isOver)
    {
        if (began == 0 || now - began <= LongestTurn)
        {
            return false;
        }

        if (Interlocked.Exchange(ref _reported, began) != began)
        {
            Interlocked.Increment(ref _heldTurns);
            try
            {
                // On other threads the fields of the turn may be out of date by a step; they are for people only.
                var (step, took) = isOver ? (_longestStep, _longest) : (Volatile.Read(ref _step), now - Volatile.Read(ref _stepBegan));
                _report.Held(this, new HeldTurn(now - began, isOver, step, took, Volatile.Read(ref _waits)?.SinceNote() ?? default));
            }
            catch (Exception)
            {
                // A logger that fails, for want of memory as a rule, must not end the loop. The turn is counted.
            }
        }

        return true;
    }

    // Notes what runs now, and which step of the turn took longest: that one has held the loop.
    private void Begin(object? step, long now)
    {
        if (now - _stepBegan is var took && took > _longest && _step is not null)
        {
            (_longest, _longestStep) = (took, _step);
        }

        _step = step;
        _stepBegan = now;
    }

    private void Wake()
    {
        lock (_closing)
        {
            if (!_closed)
            {
                ulong one = 1;
                _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
            }
        }
    }

    private int WaitTime()
    {
        if (_ready.Count > 0 || Volatile.Read(ref _woken) == 1)
        {
            return 0;
        }

        ArmTimer();
        return _unreported is null ? -1 : ReportPause;
    }

    // A time limit of epoll_wait would set up and cancel a timer of the kernel in every turn. This one is set when a deadline becomes the next; if the
    // deadline is cancelled or moves later, it expires for nothing.
    private void ArmTimer()
    {
        var due = Timers.NextDue;
        if (due >= _armed)
        {
            return;
        }

        var wait = Math.Max(1, due - RunningTime.OfProcess.Milliseconds); // 0 would stop it
        var time = stackalloc long[] { 0, 0, wait / MillisecondsPerSecond, wait % MillisecondsPerSecond * NanosecondsPerMillisecond };
        Descriptor.Require(Libc.TimerSet(_timer, 0, time, null));
        _armed = due;
    }

    private void Turn(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var @event = _events + (i * EpollEvents.Size);
            var registration = EpollEvents.Data(@event);
            if (_handlers.Find(registration) is { } handler)
            {
                Dispatch(handler, EpollEvents.Events(@event));
            }
            else if (registration == TimerRegistration)
            {
                _armed = Unarmed; // the timer is not read, since edge-triggered, every expiry is an event of its own
            }
        }

        if (Volatile.Read(ref _woken) == 1)
        {
            // Reset first: work that is posted meanwhile causes another turn. The eventfd is not read, since edge-triggered, every write to it
            // is an event of its own.
            Interlocked.Exchange(ref _woken, 0);
            for (var posted = _posted.Count; posted > 0 && _posted.TryDequeue(out var work); posted--)
            {
                Execute(work);
            }
        }

        (_ready, _running) = (_running, _ready);
        while (_running.TryDequeue(out var work))
        {
            Execute(work);
        }

        AdvanceTimers();
    }

    // An exception of one connection must not affect the others of the loop.
    private void Dispatch(IEventHandler handler, uint events)
    {
        Begin(handler, Environment.TickCount64);
        try
        {
            handler.OnEvents(this, events);
        }
        catch (Exception exception)
        {
            Failed(exception, handler as EpollConnection);
        }
    }

    // Without memory nothing is allocated here: the connection ends, which releases some, and the report waits for a later turn.
    private void Failed(Exception exception, EpollConnection? connection = null)
    {
        try
        {
            connection?.Reset();
        }
        catch (Exception)
        {
            // What waits for the connection has failed in its turn; the socket is closed.
        }

        if (exception is OutOfMemoryException || !TryReport(exception))
        {
            _unreported ??= exception;
        }
    }

    // A logger that fails, for want of memory as a rule, must not end the loop.
    private bool TryReport(Exception exception)
    {
        try
        {
            _report.Failed(this, exception);
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }

    private void Execute(IThreadPoolWorkItem work)
    {
        Begin(work, Environment.TickCount64);
        try
        {
            work.Execute();
        }
        catch (Exception exception)
        {
            Failed(exception);
        }
    }

    private void AdvanceTimers()
    {
        Begin(Timers, Environment.TickCount64);
        try
        {
            Timers.Advance(Now);
        }
        catch (Exception exception)
        {
            Failed(exception);
        }
    }

    private void Control(int operation, int descriptor, uint events, ulong data)
    {
        var @event = stackalloc byte[EpollEvents.Size];
        EpollEvents.Write(@event, events, data);
        lock (_closing)
        {
            Descriptor.Require(_closed ? throw Errno.Exception(Errno.Aborted) : Libc.EpollControl(Number, operation, descriptor, @event));
        }
    }

    private void CloseAll()
    {
        while (_posted.TryDequeue(out var work))
        {
            Execute(work);
        }

        Interlocked.Exchange(ref _waits, null)?.Dispose();
        Pipes.Clear();
        lock (_closing)
        {
            _closed = true;
            Descriptor.Close(_wake);
            Descriptor.Close(_timer);
            Descriptor.Close(Number);
        }

        NativeMemory.Free(_events);
        NativeMemory.Free(Buffer);
    }
}
