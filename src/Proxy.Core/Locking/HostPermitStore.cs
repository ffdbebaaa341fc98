namespace Proxy.Locking;

/// <summary>Permits of this process.</summary>
internal sealed class HostPermitStore : IPermitStore
{
    /// <inheritdoc />
    public string Name => "Host";

    /// <inheritdoc />
    public IPermits Open(string routeId, Action available) => new Permits();

    // The queue that returns a permit looks for the next client itself, so there is nothing to notify.
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
