using System.Numerics;

namespace Proxy.Connections.Linux;

/// <summary>
/// The deadlines of a loop, with a coarse tick: a ring of lists. A timer beyond the reach of the ring waits in its last list and is then
/// checked again. A deadline that moves later is checked at its old place, so that traffic costs no timer operation.
/// </summary>
internal sealed class TimerWheel(long now)
{
    /// <summary>The milliseconds between two lists, which is the precision of deadlines.</summary>
    public const int Tick = 50;

    private const int Slots = 512;
    private const int BitsPerWord = 64;
    private readonly LoopTimer?[] _slots = new LoopTimer?[Slots];
    private readonly ulong[] _occupied = new ulong[Slots / BitsPerWord];
    private long _tick = now / Tick;

    /// <summary>The number of active timers.</summary>
    public int Count { get; private set; }

    /// <summary>Checks a timer at a given time, or earlier if it is scheduled earlier already.</summary>
    public void Schedule(LoopTimer timer, long due)
    {
        var tick = Math.Clamp((due + Tick - 1) / Tick, _tick + 1, _tick + Slots - 1);
        if (timer.IsScheduled)
        {
            if (timer.Tick <= tick)
            {
                return;
            }

            Cancel(timer);
        }

        timer.Tick = tick;
        timer.IsScheduled = true;
        var slot = (int)(tick % Slots);
        timer.Previous = null;
        timer.Next = _slots[slot];
        if (timer.Next is { } next)
        {
            next.Previous = timer;
        }

        _slots[slot] = timer;
        _occupied[slot / BitsPerWord] |= 1UL << (slot % BitsPerWord);
        Count++;
    }

    public void Cancel(LoopTimer timer)
    {
        if (!timer.IsScheduled)
        {
            return;
        }

        timer.IsScheduled = false;
        var slot = (int)(timer.Tick % Slots);
        if (timer.Next is { } next)
        {
            next.Previous = timer.Previous;
        }

        if (timer.Previous is { } previous)
        {
            previous.Next = timer.Next;
        }
        else
        {
            _slots[slot] = timer.Next;
            if (timer.Next is null)
            {
                _occupied[slot / BitsPerWord] &= ~(1UL << (slot % BitsPerWord));
            }
        }

        timer.Next = null;
        timer.Previous = null;
        Count--;
    }

    /// <summary>When the next list is due; <see cref="long.MaxValue"/> if there are no timers.</summary>
    public long NextDue => Count == 0 ? long.MaxValue : (_tick + 1 + Distance((int)((_tick + 1) % Slots))) * Tick;

    /// <summary>Calls all timers that are due.</summary>
    public void Advance(long now)
    {
        var last = now / Tick;
        if (Count == 0)
        {
            _tick = Math.Max(_tick, last);
            return;
        }

        while (_tick < last)
        {
            // Skips empty lists in one step.
            _tick = Count == 0 ? last : Math.Min(last, _tick + 1 + Distance((int)((_tick + 1) % Slots)));
            try
            {
                Ask((int)(_tick % Slots), now);
            }
            catch
            {
                _tick--; // the others of this list are checked with the next call
                throw;
            }
        }
    }

    private void Ask(int slot, long now)
    {
        var timer = _slots[slot];
        while (timer is not null && timer.Tick <= _tick)
        {
            Cancel(timer);
            if (timer.OnTimer(now) is var due and not LoopTimer.Never)
            {
                Schedule(timer, due);
            }

            timer = _slots[slot];
        }
    }

    // The number of empty lists from this one on.
    private int Distance(int from)
    {
        for (var passed = 0; passed < Slots; )
        {
            var slot = (from + passed) % Slots;
            var word = _occupied[slot / BitsPerWord] >> (slot % BitsPerWord);
            if (word != 0)
            {
                return passed + BitOperations.TrailingZeroCount(word);
            }

            passed += BitsPerWord - (slot % BitsPerWord);
        }

        return Slots - 1;
    }
}
