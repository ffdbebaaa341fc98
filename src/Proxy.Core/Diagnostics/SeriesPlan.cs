namespace Proxy.Diagnostics;

/// <summary>
/// How many series a collector of the meter <c>Proxy</c> needs, planned for what is configured when it starts, and when it should be replaced by a
/// new one because too many of the ids that it has seen are gone.
/// </summary>
public sealed class SeriesPlan
{
    private const int MostSeries = 200_000;

    private readonly ProxyMeter _meter;
    private readonly long _room;
    private readonly long _goneBefore;

    internal SeriesPlan(ProxyMeter meter)
    {
        // A quarter more than there are, so that a configuration that grows slowly fits.
        (_meter, _room, _goneBefore) = (meter, (long)meter.Ids * 5 / 4, meter.GoneIds);
    }

    /// <summary>Whether more than <see cref="ProxyMeter.MaxGone"/> ids have gone since the collector started.</summary>
    public bool IsDue => GoneSince() > ProxyMeter.MaxGone;

    /// <summary>Whether there is no room for the ids that are configured now, beside those that are gone.</summary>
    public bool IsFull => _meter.Ids + GoneSince() > _room + ProxyMeter.MaxGone;

    private long GoneSince() => _meter.GoneIds - _goneBefore;

    /// <summary>How many combinations of labels an instrument needs, for configured ids and for ids that are gone.</summary>
    /// <param name="instrument">The instrument's name.</param>
    /// <returns>2,000 to 200,000.</returns>
    public int Limit(string instrument)
    {
        // Some outcomes per route, and faults; two directions; connected and failed.
        var each = instrument switch
        {
            "proxy.tls.handshakes" => 8, // two versions, full and resumed, and some reasons of failures
            "proxy.connections" or "proxy.http.requests" => 5,
            "proxy.condition" or "proxy.destination.failures" => 4, // a route, cluster, destination and device or lock; some reasons
            "proxy.io" or "proxy.http.io" or "proxy.channel.io" or "proxy.dial.duration" or "proxy.channel.tunnels" => 2,
            "proxy.tls.handshake.duration" => 3,
            _ => 1,
        };
        // Besides what is configured there are ids that have gone since the start, and those that had before and are still reported.
        return (int)Math.Min(each * (_room + (2 * ProxyMeter.MaxGone)), MostSeries);
    }
}
