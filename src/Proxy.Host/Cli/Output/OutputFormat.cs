namespace Proxy.Host.Cli.Output;

/// <summary>How a command prints its result.</summary>
internal enum OutputFormat
{
    /// <summary>Aligned columns for people.</summary>
    Table,

    /// <summary>The records of the admin API as JSON, for programs.</summary>
    Json,

    /// <summary>A table with more columns.</summary>
    Wide,
}
