namespace Proxy.Locking;

/// <summary>Keeps permits in this process.</summary>
internal sealed class HostPermitStore : IPermitStore
{
    /// <inheritdoc />
    public string Name => "Host";

    /// <inheritdoc />
    public IPermits Open(string routeId, Action available) => new Permits();

    // No notification is needed: the queue that returns a permit admits its next client itself.
    private sealed class Permits : IPermits
    {
        private int _taken;

        public bool TryTake(int maximum)
        {
            var taken = Volatile.Read(ref _taken);
            while (taken < maximum)
            {
                var seen = Interlocked.CompareExchange(ref _taken, taken + 1, taken);
                if (seen == taken)
                {
                    return true;
                }

                taken = seen;
            }

            return false;
        }

        public void Return() => Interlocked.Decrement(ref _taken);

        public void Dispose() { }
    }
}
