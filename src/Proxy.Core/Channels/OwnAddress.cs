using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Listeners;

namespace Proxy.Channels;

/// <summary>
/// Claims a local address for this instance at the start if its id has no number. The number is kept in the state file, for a start while no other instance
/// answers, or the claim is refused.
/// </summary>
internal sealed partial class OwnAddress(
    CurrentChannels channels,
    ThisInstance instance,
    LocalAddressBook book,
    IEnumerable<IAddressClaims> claims,
    TimeProvider time,
    ILogger<OwnAddress> logger
)
{
    private const string Key = "Channels:Instance:Id";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _patienceWithKept = TimeSpan.FromSeconds(5);

    /// <summary>Claims the address, or finds the one that was claimed before.</summary>
    /// <exception cref="BindException">No address could be claimed in time or it was refused, and none is kept.</exception>
    public async Task ClaimAsync(CancellationToken cancellationToken)
    {
        if (instance.IsNumbered)
        {
            return;
        }

        var provider = channels.Config.Membership.Provider;
        var claim =
            claims.LastOrDefault(claim => claim.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase))
            ?? throw Failed($"'{instance.Id}' has no number, and the membership provider '{provider}' gives none; set Instance:Ordinal.");
        var kept = book.OwnNumber(channels.Config.Group, instance.Id);
        using var late = new CancellationTokenSource(kept is null ? _patience : _patienceWithKept, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var number = await claim.ClaimAsync(instance.Id, kept, limit.Token);
            instance.Use(number);
            book.KeepOwnNumber(channels.Config.Group, instance.Id, number);
            Log.Claimed(logger, instance.Id, instance.Address);
        }
        catch (Exception exception) when (exception is IOException or TimeoutException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (kept is not { } number)
            {
                throw Failed(
                    $"'{instance.Id}' has no number, and no local address could be claimed for it; start the engine, or set Instance:Ordinal: {exception.Message}"
                );
            }

            claim.Keep(instance.Id, number);
            instance.Use(number);
            Log.Kept(logger, instance.Id, instance.Address, exception.Message);
        }
    }

    private static BindException Failed(string message) => new(Key, new IOException(message));

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Channels: the instance '{Instance}' has claimed the local address {Address}.")]
        public static partial void Claimed(ILogger logger, string instance, System.Net.IPAddress address);

        [LoggerMessage(
            LogLevel.Warning,
            "Channels: the instance '{Instance}' uses the local address {Address} that it claimed at an earlier start, since its claim cannot be looked up now, or is refused: {Reason}"
        )]
        public static partial void Kept(ILogger logger, string instance, System.Net.IPAddress address, string reason);
    }
}
