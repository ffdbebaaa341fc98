using System.Globalization;

namespace Proxy.Host.Cli.Remote;

/// <summary>Formats byte counts and durations for display.</summary>
internal static class Amounts
{
    private const double Step = 1000;
    private static readonly string[] _units = ["B", "kB", "MB", "GB", "TB", "PB"];

    public static string Bytes(long count)
    {
        var unit = 0;
        double value = count;
        while (value >= Step - 0.05 && unit < _units.Length - 1)
        {
            value /= Step;
            unit++;
        }

        return unit == 0 ? $"{count} B" : string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {_units[unit]}");
    }

    public static string Time(TimeSpan time) =>
        time.TotalDays >= 1 ? $"{(int)time.TotalDays}d {time.Hours}h"
        : time.TotalHours >= 1 ? $"{time.Hours}h {time.Minutes}m"
        : time.TotalMinutes >= 1 ? $"{time.Minutes}m {time.Seconds}s"
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0}s");
}
