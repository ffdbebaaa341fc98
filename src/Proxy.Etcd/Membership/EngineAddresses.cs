using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Etcd.Client;
using Proxy.Timing;

namespace Proxy.Etcd.Membership;

/// <summary>
/// Claims local addresses for instances whose ids have no number: a key for each number, created only if absent, without a lease. Numbers of present
/// members count as taken, since those whose ids have a number claim none.
/// </summary>
internal sealed partial class EngineAddresses(
    IKeyStore store,
    EngineKeys keys,
    Action<string> report,
    TimeProvider time,
    ILogger<EngineAddresses> logger
) : IAddressClaims
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(2);

    private volatile Claim? _own;
    private volatile string? _reported;

    /// <inheritdoc />
    public string Provider => MembershipProviders.Engine;

    /// <inheritdoc />
    public async Task<int> ClaimAsync(string instance, int? preferred, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(time, _firstPause, _longestPause, Random.Shared);
        var reason = "the engine has not answered in time.";
        try
        {
            while (true)
            {
                try
                {
                    if (await TryClaimAsync(instance, preferred, cancellationToken) is { } number)
                    {
                        Keep(instance, number);
                        return number;
                    }
                }
                catch (EngineException exception) when (!exception.IsRefused)
                {
                    reason = exception.Message;
                    if (!backoff.HasFailed)
                    {
                        Log.Waits(logger, instance, reason);
                    }

                    await Task.Delay(backoff.Fail(), time, cancellationToken);
                }
            }
        }
        catch (EngineException exception)
        {
            throw new IOException(exception.Message, exception);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(reason);
        }
    }

    /// <inheritdoc />
    public void Keep(string instance, int number) => _own = new Claim(instance, number);

    /// <summary>Makes the claim of this instance again if the engine has lost it.</summary>
    /// <exception cref="EngineException">The engine did not answer, or refused.</exception>
    public async Task AssertAsync(CancellationToken cancellationToken)
    {
        if (_own is not { } own)
        {
            return;
        }

        var key = keys.Address(own.Number);
        if (await store.GetAsync(key, cancellationToken) is { } now)
        {
            ReportOther(own, Text(now));
            return;
        }

        if (!await CreateAsync(own.Instance, own.Number, cancellationToken) && await store.GetAsync(key, cancellationToken) is { } other)
        {
            ReportOther(own, Text(other));
        }
    }

    // Null if another instance was first.
    private async Task<int?> TryClaimAsync(string instance, int? preferred, CancellationToken cancellationToken)
    {
        var taken = new Dictionary<int, string>();
        foreach (var claim in (await store.ListAsync(keys.Addresses, cancellationToken)).Keys)
        {
            if (int.TryParse(claim.Key.AsSpan(keys.Addresses.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                taken[number] = Text(claim);
            }
        }

        var own = taken.Where(pair => pair.Value == instance).Min(static pair => (int?)pair.Key);
        if (own is <= ChannelOrdinal.Max)
        {
            return own;
        }

        foreach (var stored in (await store.ListAsync(keys.Members, cancellationToken)).Keys)
        {
            if (
                HelloLine.ReadWhole(stored.Value.Span, out _) is { } member
                && member.Id != instance
                && LocalAddress.NumberOf(member.LocalAddress) is { } number
            )
            {
                taken.TryAdd(number, member.Id);
            }
        }

        int[] first = preferred is >= 0 and <= ChannelOrdinal.Max ? [preferred.Value] : [];
        foreach (var number in first.Concat(Enumerable.Range(0, ChannelOrdinal.Max + 1)))
        {
            if (!taken.ContainsKey(number))
            {
                return await CreateAsync(instance, number, cancellationToken) ? number : null;
            }
        }

        throw new IOException(
            $"all {ChannelOrdinal.Max + 1} local addresses are claimed; remove keys of instances that are no more under {keys.Addresses}."
        );
    }

    private async Task<bool> CreateAsync(string instance, int number, CancellationToken cancellationToken)
    {
        var key = keys.Address(number);
        var transaction = new KeyTransaction
        {
            Conditions = [new KeyCondition.Absent(key)],
            Operations = [new KeyOperation.Put(key, Encoding.UTF8.GetBytes(instance), 0)],
        };
        return (await store.CommitAsync(transaction, cancellationToken)).Succeeded;
    }

    private void ReportOther(Claim own, string other)
    {
        if (other == own.Instance || other == _reported)
        {
            return;
        }

        _reported = other;
        report(
            $"the local address {LocalAddress.OfOrdinal(own.Number)} of the instance '{own.Instance}' is claimed by '{other}' in the engine, which has lost data or was edited; restart '{own.Instance}', and it claims another address."
        );
    }

    private static string Text(StoredKey key) => Encoding.UTF8.GetString(key.Value.Span);

    private sealed record Claim(string Instance, int Number);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "Channels: the instance '{Instance}' waits with its start until it can claim its local address, which is tried again and again: {Reason}"
        )]
        public static partial void Waits(ILogger logger, string instance, string reason);
    }
}
