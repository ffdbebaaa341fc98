namespace Proxy.Host.Observability.Prometheus;

/// <summary>What a scraper may ask for. Versions of one syntax share their bytes: names are always escaped with underscores.</summary>
/// <param name="IsOpenMetrics">OpenMetrics, or Prometheus' own text.</param>
/// <param name="ContentType">How the answer says so.</param>
internal sealed record ExpositionFormat(bool IsOpenMetrics, string ContentType)
{
    private const string Escaping = "; escaping=underscores";

    /// <summary>The oldest text, which everything reads.</summary>
    public static ExpositionFormat Text { get; } = new(false, "text/plain; version=0.0.4; charset=utf-8");

    public static ExpositionFormat Text1 { get; } = new(false, $"text/plain; version=1.0.0; charset=utf-8{Escaping}");

    public static ExpositionFormat OpenMetrics0 { get; } = new(true, "application/openmetrics-text; version=0.0.1; charset=utf-8");

    public static ExpositionFormat OpenMetrics { get; } =
        new(true, $"application/openmetrics-text; version=1.0.0; charset=utf-8{Escaping}");
}
