namespace Proxy.Host.Observability.Prometheus;

/// <summary>What the exposition holds besides the measurements.</summary>
internal sealed record PrometheusOptions
{
    /// <summary>Whether each sample says by <c>otel_scope_*</c> which meter it is of.</summary>
    public bool ScopeLabels { get; init; } = true;

    /// <summary>Attributes of the resource that every sample bears as labels, besides <c>target_info</c>.</summary>
    public IReadOnlyList<string> ResourceLabels { get; init; } = [];

    /// <summary>Bytes of one exposition; a larger one is answered with 500.</summary>
    public int MaxBytes { get; init; } = 128 * 1024 * 1024;

    /// <summary>How long one collection answers for: scrapes in a row and several servers cost one.</summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>How long a collection may take, unless the scraper says less.</summary>
    public TimeSpan CollectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long sending may take.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many answers are sent at a time; one more ends the one that has been at it longest.</summary>
    public int MaxSending { get; init; } = 64;
}
