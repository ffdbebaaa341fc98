namespace Proxy.Tls;

/// <summary>
/// Guards the state of a TLS stream against close_notify being made while a record is decrypted. The stream guards it against reads beside writes, but
/// not against <see cref="System.Net.Security.SslStream.ShutdownAsync"/> beside reads: that also reads from the library's buffer, where the other thread
/// has put a part of a record, and fails, or worse. What reads holds it for microseconds as a rule; but in TLS 1.3 a server may ask for a certificate later,
/// which is answered within the read. So what ends the connection never waits: if the state is in use, what uses it makes close_notify when it is done.
/// </summary>
/// <param name="end">Makes close_notify. Called once at most, while nothing else uses the state; must not fail.</param>
/// <param name="ended">Called after that if it was not made by the caller of <see cref="TryEnd"/>.</param>
internal sealed class StateGuard(Action end, Action ended)
{
    private const int Free = 0;
    private const int Held = 1;
    private const int HeldAndToEnd = 2;
    private int _state; // no lock of a thread: what is begun on one may go on on another

    /// <summary>Begins a read; waits while close_notify is made.</summary>
    public void Enter()
    {
        var spin = new SpinWait();
        while (Interlocked.CompareExchange(ref _state, Held, Free) != Free)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    /// <summary>Ends a read, or interrupts it while it waits for bytes.</summary>
    public void Exit()
    {
        if (Interlocked.CompareExchange(ref _state, Free, Held) == HeldAndToEnd)
        {
            End();
            ended();
        }
    }

    /// <summary>Makes close_notify now, or has it made when the read that uses the state is done. Called once at most.</summary>
    /// <returns>Whether it was made.</returns>
    public bool TryEnd()
    {
        while (true)
        {
            if (Interlocked.CompareExchange(ref _state, Held, Free) == Free)
            {
                End();
                return true;
            }

            if (Interlocked.CompareExchange(ref _state, HeldAndToEnd, Held) == Held)
            {
                return false;
            }
        }
    }

    private void End()
    {
        try
        {
            end();
        }
        finally
        {
            Volatile.Write(ref _state, Free);
        }
    }
}
